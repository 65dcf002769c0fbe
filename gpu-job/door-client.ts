import type {
  ArtifactReply,
  ArtifactRequest,
  ClaimReply,
  ClaimRequest,
  FinishReply,
  FinishRequest,
  ReadyReply,
  ReadyRequest,
  ReleaseReply,
  RenewReply,
  ReportReply,
  ReportRequest,
} from '../domain/contract/door.ts';
import { SESSION_HEADER } from '../domain/contract/door-protocol.ts';
import type { Credential } from './credential.ts';
import { DoorFailure, DoorRejectedError, SessionRefusedError } from './door-errors.ts';
import type { Replies } from './door-replies.ts';
import { openLine } from './line.ts';
import { readyReplyOf } from './ready-reply.ts';

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

/** Too early, too busy, timed out, or broken on its side: Cloud Run itself answers 429 and 503 while it has no instance. */
const passes = (status: number): boolean => status >= 500 || status === 408 || status === 425 || status === 429;

/**
 * Calls to the door at `url`.
 * @param options.callTimeoutMs for one call, on top of a claim's `holdMs`
 */
export function createDoor(options: { url: string; credential: Credential; callTimeoutMs: number }): Door {
  const base = options.url.replace(/\/+$/, '');
  const line = openLine(base);
  let session = '';

  /** The answer's value, of which nothing is known yet. */
  async function ask(
    name: string,
    body: object,
    { holdMs = 0, signal }: { holdMs?: number; signal?: AbortSignal } = {},
  ): Promise<unknown> {
    const bearer = await options.credential();
    const timeout = AbortSignal.timeout(holdMs + options.callTimeoutMs);
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${bearer}`,
      ...(session === '' ? {} : { [SESSION_HEADER]: session }),
    };
    const reply = await line
      .post(`${base}/${name}`, headers, JSON.stringify(body), signal ? AbortSignal.any([timeout, signal]) : timeout)
      .catch((error: Error) => {
        throw new DoorFailure(`no answer to ${name}: ${error.message}`);
      });
    const value = jsonOrNull(reply.text);
    if (reply.status < 200 || reply.status > 299) throw refusal(name, reply.status, value);
    return value;
  }

  async function call<N extends keyof Replies>(
    name: N,
    body: object,
    terms: { holdMs?: number; signal?: AbortSignal } = {},
  ): Promise<Replies[N]> {
    const value = await ask(name, body, terms);
    // After the first claim has gone out, since loading the schemas would have held it up.
    const { replyOf } = await import('./door-replies.ts');
    return replyOf(name, value) ?? strange(name);
  }

  return {
    async ready(body) {
      session = '';
      const reply = readyReplyOf(await ask('ready', body)) ?? strange('ready');
      session = `${body.slot}.${body.fence}.${body.sessionKey}`;
      return reply;
    },
    claim: (body, signal) => call('claim', body, { holdMs: body.holdMs, signal }),
    report: (body) => call('report', body),
    artifact: (body) => call('artifact', body),
    finish: (body) => call('finish', body),
    renew: () => call('renew', {}),
    release: () => call('release', {}),
    close: async () => line.close(),
  };
}

function strange(name: string): never {
  throw new DoorFailure(`the answer to ${name} is not what the protocol says`);
}

function refusal(call: string, status: number, value: unknown): Error {
  const problem = (typeof value === 'object' && value !== null ? value : {}) as { code?: unknown; detail?: unknown };
  const detail = typeof problem.detail === 'string' ? problem.detail : '';
  if (status === 409 && problem.code === 'session_refused') return new SessionRefusedError(detail);
  if (passes(status)) return new DoorFailure(`the door answered ${status} to ${call}`, status);
  return new DoorRejectedError(call, status, detail);
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
