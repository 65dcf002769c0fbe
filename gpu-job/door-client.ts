import { Agent, request } from 'undici';
import { z } from 'zod';
import {
  ArtifactReply,
  ClaimReply,
  FinishReply,
  ReadyReply,
  ReleaseReply,
  RenewReply,
  ReportReply,
  SESSION_HEADER,
  type ArtifactRequest,
  type ClaimRequest,
  type FinishRequest,
  type ReadyRequest,
  type ReportRequest,
} from '../domain/contract/door.ts';

/** The slot is not this worker's (any more): it kills its runners and exits 0. */
export class SessionRefusedError extends Error {
  override readonly name = 'SessionRefusedError';
}

/** The door understood the call and will not do it; the same call would be answered alike. */
export class DoorRejectedError extends Error {
  override readonly name = 'DoorRejectedError';
  readonly status: number;
  constructor(call: string, status: number, detail: string) {
    super(`the door answered ${status} to ${call}: ${detail}`);
    this.status = status;
  }
}

/** No answer, or one that says "not now": the call may or may not have taken effect, and every call may be repeated. */
export class DoorFailure extends Error {
  override readonly name = 'DoorFailure';
  /** The door's answer; null where none came. */
  readonly status: number | null;
  constructor(message: string, status: number | null = null) {
    super(message);
    this.status = status;
  }
}

/** Whether the same call may well succeed a little later. */
export const isPassing = (error: unknown): boolean => error instanceof DoorFailure;

/** What a worker can ask of `functions/worker`. All throw SessionRefusedError, DoorRejectedError or DoorFailure. */
export interface Door {
  /** The session that this request opens is used for all later calls. */
  ready(body: ReadyRequest): Promise<ReadyReply>;
  claim(body: ClaimRequest, signal: AbortSignal): Promise<ClaimReply>;
  report(body: ReportRequest): Promise<ReportReply>;
  artifact(body: ArtifactRequest): Promise<ArtifactReply>;
  finish(body: FinishRequest): Promise<FinishReply>;
  renew(): Promise<RenewReply>;
  release(): Promise<ReleaseReply>;
  /** Drops all connections. */
  close(): Promise<void>;
}

const Problem = z.looseObject({ code: z.string().default(''), detail: z.string().default('') });

/** Too early, too busy, timed out, or broken on its side: Cloud Run itself answers 429 and 503 while it has no instance. */
const passes = (status: number): boolean => status >= 500 || status === 408 || status === 425 || status === 429;

/**
 * Calls to the door at `url`.
 * @param options.token bearer; empty for none
 * @param options.callTimeoutMs for one call, on top of a claim's `holdMs`
 */
export function createDoor(options: { url: string; token: string; callTimeoutMs: number }): Door {
  const base = options.url.replace(/\/+$/, '');
  const agent = new Agent();
  let session = '';

  async function call<T>(
    name: string,
    body: object,
    shape: z.ZodType<T>,
    { holdMs = 0, signal }: { holdMs?: number; signal?: AbortSignal } = {},
  ): Promise<T> {
    const timeout = AbortSignal.timeout(holdMs + options.callTimeoutMs);
    let status: number;
    let text: string;
    try {
      const response = await request(`${base}/${name}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(options.token === '' ? {} : { authorization: `Bearer ${options.token}` }),
          ...(session === '' ? {} : { [SESSION_HEADER]: session }),
        },
        body: JSON.stringify(body),
        dispatcher: agent,
        headersTimeout: 0,
        bodyTimeout: 0,
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      });
      status = response.statusCode;
      text = await response.body.text();
    } catch (error) {
      throw new DoorFailure(`no answer to ${name}: ${(error as Error).message}`);
    }
    if (status < 200 || status > 299) throw refusal(name, status, text);
    try {
      return shape.parse(JSON.parse(text));
    } catch {
      throw new DoorFailure(`the answer to ${name} is not what the protocol says`);
    }
  }

  return {
    async ready(body) {
      session = '';
      const reply = await call('ready', body, ReadyReply);
      session = `${body.slot}.${body.fence}.${body.sessionKey}`;
      return reply;
    },
    claim: (body, signal) => call('claim', body, ClaimReply, { holdMs: body.holdMs, signal }),
    report: (body) => call('report', body, ReportReply),
    artifact: (body) => call('artifact', body, ArtifactReply),
    finish: (body) => call('finish', body, FinishReply),
    renew: () => call('renew', {}, RenewReply),
    release: () => call('release', {}, ReleaseReply),
    close: () => agent.destroy(),
  };
}

function refusal(call: string, status: number, text: string): Error {
  const problem = Problem.safeParse(jsonOrNull(text)).data ?? { code: '', detail: '' };
  if (status === 409 && problem.code === 'session_refused') return new SessionRefusedError(problem.detail);
  if (passes(status)) return new DoorFailure(`the door answered ${status} to ${call}`, status);
  return new DoorRejectedError(call, status, problem.detail);
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
