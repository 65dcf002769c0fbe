import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { CloudEvent } from 'cloudevents';
import { SESSION_HEADER } from '../../domain/contract/door.ts';
import { ackFor } from '../../domain/errors.ts';
import type { FunctionName } from '../../eventarc/routes.ts';
import { apiGuard } from '../../functions/api/guard.ts';
import type { Deps } from '../../functions/deps.ts';
import { encodeAnswer, problemAnswer, type FunctionRequest } from '../../functions/http/answer.ts';
import type { Guard } from '../../functions/http/guard.ts';
import { FUNCTIONS } from '../../functions/index.ts';
import type { ServedFunction } from '../../functions/served-function.ts';
import { withinGrants } from '../../functions/within-grants.ts';
import { BrokenError } from './fault.ts';
import { runFor, type Invocation } from './invocation.ts';
import { Process } from './process.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

interface Instance {
  readonly process: Process;
  readonly served: ServedFunction;
  readonly guard: Guard | null;
}

/**
 * The functions as they are served, without a server: instances of each, made when they are first asked for and again after
 * they have crashed, which take turns and have many requests and events in them at once.
 */
export class Served {
  readonly #portsOf: (process: Process) => Deps;
  readonly #instances = new Map<string, Instance>();
  readonly #width: number;
  #made = 0;

  /** @param width instances of each function */
  constructor(portsOf: (process: Process) => Deps, width: number) {
    this.#portsOf = portsOf;
    this.#width = width;
  }

  /** Ends whatever there is of a function. */
  crash(name: FunctionName): void {
    for (const { process } of this.#instances.values()) if (process.name === name) process.end();
  }

  /**
   * @param gone aborted when the caller has hung up
   * @throws BrokenError when the instance crashed before it had answered
   */
  http(name: FunctionName, request: HttpRequest, gone: AbortSignal): Promise<HttpAnswer> {
    return this.#within(name, sessionIn(request.headers), async ({ served, guard, process }) => {
      if (served.kind !== 'http') throw new Error(`${name} takes events`);
      const { log } = this.#portsOf(process);
      const rawBody = Buffer.from(request.body);
      const headers = { ...request.headers, 'content-length': String(rawBody.length) };
      const incoming = { ...request, headers, rawBody } as unknown as FunctionRequest;
      try {
        await guard?.(incoming, { setHeader: () => undefined as never });
      } catch (error) {
        return encodeAnswer(problemAnswer(error, log));
      }
      return answerOf(served.handler, incoming, gone);
    });
  }

  /** @throws what the function failed with where the event is to be sent again, BrokenError when its instance crashed */
  event(name: FunctionName, event: CloudEvent<unknown>): Promise<void> {
    return this.#within(name, null, async ({ served, process }) => {
      if (served.kind !== 'cloudEvent') throw new Error(`${name} takes requests`);
      try {
        await served.handler(event);
      } catch (error) {
        this.#portsOf(process).log.error('event failed', { error: String(error) });
        if (ackFor(error) === 'retry') throw error;
      }
    });
  }

  #within<T>(name: FunctionName, session: Invocation['session'], run: (instance: Instance) => Promise<T>): Promise<T> {
    const instance = this.#instanceOf(name);
    const invocation: Invocation = {
      name: `${name}-${(this.#made += 1)}`,
      function: name,
      process: instance.process,
      session,
    };
    return new Promise<T>((resolve, reject) => {
      const undo = instance.process.onEnd(() => reject(new BrokenError(`${name} crashed`)));
      runFor(invocation, () => run(instance))
        .finally(undo)
        .then(resolve, reject);
    });
  }

  #instanceOf(name: FunctionName): Instance {
    const place = `${name} ${this.#made % this.#width}`;
    const known = this.#instances.get(place);
    if (known?.process.isAlive === true && !known.process.isPaused) return known;
    const process = new Process(name);
    const deps = withinGrants(name, this.#portsOf(process));
    const guard = name === 'api' ? apiGuard(deps, { takesChosenKeys: true }) : null;
    const instance = { process, served: FUNCTIONS[name](deps), guard };
    this.#instances.set(place, instance);
    return instance;
  }
}

function sessionIn(headers: HttpRequest['headers']): Invocation['session'] {
  const [, slot, fence] = /^(.+)\.(\d+)\./.exec(headers[SESSION_HEADER] ?? '') ?? [];
  return slot === undefined ? null : { slot, fence: Number(fence) };
}

/** Calls a handler with as much of a response as handlers use. */
function answerOf(
  handler: (request: FunctionRequest, response: ServerResponse) => Promise<void>,
  request: FunctionRequest,
  gone: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let status = 0;
    const response = Object.assign(new EventEmitter(), {
      headersSent: false,
      destroyed: false,
      destroy: () => undefined,
      writeHead: (code: number) => {
        status = code;
        return response;
      },
      end: (text = '') => resolve({ status, text }),
    });
    gone.addEventListener('abort', () => response.emit('close'), { once: true });
    handler(request, response as unknown as ServerResponse).catch(reject);
  });
}
