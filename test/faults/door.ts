import { SESSION_HEADER } from '../../domain/contract/door.ts';
import { SECOND } from '../../domain/time.ts';
import type { Door } from '../../gpu-job/door-client.ts';
import { DoorFailure, DoorRejectedError, SessionRefusedError } from '../../gpu-job/door-errors.ts';
import type { Conductor } from './conductor.ts';
import type { Process } from './process.ts';
import type { Served } from './served.ts';

/** As gpu-job/settings.ts has it, on top of the time a claim is held. */
const CALL_MS = 10 * SECOND;

/**
 * The door as a worker's client has it, without a network in between: each call is one that can be broken.
 * @param crash ends the execution
 */
export function doorOf(
  { conductor, served }: { readonly conductor: Conductor; readonly served: Served },
  process: Process,
  crash: () => void,
): Door {
  let session = '';
  const call = async <T>(name: string, body: object, holdMs = 0): Promise<T> => {
    const headers = { 'content-type': 'application/json', ...(session === '' ? {} : { [SESSION_HEADER]: session }) };
    const request = { method: 'POST', url: `/${name}`, headers, body: JSON.stringify(body) };
    const gone = new AbortController();
    const noAnswer = async (): Promise<never> => {
      throw new DoorFailure(`no answer to ${name}`);
    };
    const { status, text } = await conductor.call(process, {
      op: 'door',
      what: name,
      act: () => served.http('worker', request, gone.signal).catch(noAnswer),
      broken: noAnswer,
      patienceMs: holdMs + CALL_MS,
      isLong: true,
      hangUp: () => gone.abort(),
      crash,
    });
    if (status >= 200 && status <= 299) return JSON.parse(text) as T;
    if (status >= 500) throw new DoorFailure(`the door answered ${status} to ${name}`, status);
    const { code, detail } = JSON.parse(text) as { code: string; detail: string };
    throw code === 'session_refused' ? new SessionRefusedError(detail) : new DoorRejectedError(name, status, detail);
  };
  return {
    async ready(body) {
      session = '';
      const reply = await call<Awaited<ReturnType<Door['ready']>>>('ready', body);
      session = `${body.slot}.${body.fence}.${body.sessionKey}`;
      return reply;
    },
    claim: (body) => call('claim', body, body.holdMs),
    report: (body) => call('report', body),
    artifact: (body) => call('artifact', body),
    finish: (body) => call('finish', body),
    renew: () => call('renew', {}),
    release: () => call('release', {}),
    close: async () => undefined,
  };
}
