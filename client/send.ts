import type { Problem } from '../domain/contract/http.ts';
import type { ProblemCode } from '../domain/errors.ts';
import { SlipwayError } from './errors.ts';
import { pause, type ClientHost } from './host.ts';
import { pauseMs } from './retry.ts';

/** A call of one operation. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: unknown;
  /** Whether a second call changes nothing that the first has not: only then is it repeated. */
  readonly isRepeatable: boolean;
  /** How long the answer may be held on purpose. */
  readonly holdMs?: number | undefined;
  /** A status other than 2xx with which an answer comes, and no problem, where its body says so. */
  readonly alsoAnswers?: number;
  readonly signal?: AbortSignal | undefined;
}

/** An answer that has come in full. */
class Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  constructor({ status, headers }: Response, text: string) {
    this.status = status;
    this.headers = headers;
    this.text = text;
  }
}

/** Gives what the JSON of the answer holds; null where it has no body. @throws SlipwayError */
export type Send = (call: Call) => Promise<unknown>;

/** No answer for so long, beyond what it was to be held, and the try is given up. */
const ANSWER_WITHIN_MS = 30_000;

const SHORTEST_SECRET = 8;

/**
 * Makes calls, again where that is safe and may help.
 * @param at where Slipway is and the key, which goes nowhere but into the header
 */
export function sender(at: { readonly url: string; readonly key: string }, host: ClientHost): Send {
  const { url, key } = checked(at);
  // A shorter one cannot be told from a word of the text.
  const clean = (text: string): string => (key.length < SHORTEST_SECRET ? text : text.replaceAll(key, '<key>'));

  const once = async (call: Call): Promise<Answer> => {
    // Outside of the try: what cannot be sent at all is the caller's mistake.
    const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
    const headers = new Headers({ accept: 'application/json', authorization: `Bearer ${key}`, ...call.headers });
    if (call.body !== undefined) headers.set('content-type', 'application/json');
    const giveUp = new AbortController();
    const callOff = host.clock.after(ANSWER_WITHIN_MS + (call.holdMs ?? 0), () => giveUp.abort());
    const signals = call.signal === undefined ? [giveUp.signal] : [giveUp.signal, call.signal];
    try {
      const response = await host.fetch(`${url}${call.path}${queryOf(call.query)}`, {
        method: call.method,
        // A redirect would turn a POST into a GET, or take the key elsewhere.
        redirect: 'manual',
        signal: AbortSignal.any(signals),
        headers,
        ...body,
      });
      // Read here, since a connection can break in the middle of it too.
      return new Answer(response, await response.text());
    } catch (error) {
      call.signal?.throwIfAborted();
      const why = giveUp.signal.aborted ? `no answer within ${ANSWER_WITHIN_MS / 1_000} s` : reasonOf(error);
      throw new SlipwayError(null, 'unreachable', clean(`${url} cannot be reached: ${why}.`));
    } finally {
      callOff();
    }
  };

  return async (call) => {
    for (let tries = 1; ; tries += 1) {
      call.signal?.throwIfAborted();
      const outcome = await once(call).catch((error: unknown) => error);
      if (outcome instanceof Answer && isAnswerTo(call, outcome)) return bodyOf(outcome, url);
      if (!(outcome instanceof Answer) && !(outcome instanceof SlipwayError)) throw outcome;
      const failed = {
        status: outcome.status,
        retryAfter: outcome instanceof Answer ? outcome.headers.get('retry-after') : null,
      };
      const waitMs = call.isRepeatable ? pauseMs(failed, tries, host.clock.nowMs(), host.random.unit()) : null;
      if (waitMs === null) {
        // Gone by one of our own tries, whose answer was lost.
        if (tries > 1 && outcome.status === 404 && call.method === 'DELETE') return null;
        throw outcome instanceof Answer ? problemOf(outcome, url, clean) : outcome;
      }
      await pause(host, waitMs, call.signal);
    }
  };
}

/** A problem has a type of its own, and something in between that answers for Slipway hardly sends JSON. */
const isAnswerTo = ({ alsoAnswers }: Call, { status, headers }: Answer): boolean =>
  (status >= 200 && status < 300) ||
  (status === alsoAnswers && headers.get('content-type')?.startsWith('application/json') === true);

/** @throws TypeError for what cannot be meant; the key is never in it */
function checked({ url, key }: { readonly url: string; readonly key: string }): { url: string; key: string } {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new TypeError('url must be an http or https address');
  }
  if (parsed.username !== '' || parsed.password !== '') throw new TypeError('url must not have a password in it');
  // One with a line break in it would be shown by fetch's own error.
  if (!/^[\x21-\x7e]+$/.test(key)) throw new TypeError('key must be visible ASCII characters without a space');
  return { url: `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`, key };
}

function queryOf(query: Call['query'] = {}): string {
  const given = Object.entries(query).flatMap<[string, string]>(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

function bodyOf({ status, text }: Answer, url: string): unknown {
  if (status === 204) return null;
  const body = jsonOf(text);
  if (body !== undefined) return body;
  throw new SlipwayError(status, 'unexpected_answer', `${url} answers, but not as Slipway does: no JSON.`);
}

/** Undefined where it is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemOf({ status, headers, text }: Answer, url: string, clean: (text: string) => string): SlipwayError {
  const problem = jsonOf(text) as Partial<Problem> | null | undefined;
  if (typeof problem?.code === 'string' && typeof problem.detail === 'string') {
    // A later Slipway may have codes that this client has not heard of.
    const code = problem.code as ProblemCode;
    const errors = (problem.errors ?? []).map(({ field, message }) => ({ field, message: clean(message) }));
    return new SlipwayError(status, code, clean(problem.detail), errors);
  }
  if (status === 429 || status >= 502) {
    return new SlipwayError(status, 'unavailable', `${url} is not available just now (HTTP ${status}).`);
  }
  const to = headers.get('location');
  const hint = status >= 300 && status < 400 && to !== null ? `; it leads to ${to}` : '';
  return new SlipwayError(
    status,
    'unexpected_answer',
    clean(`${url} answers HTTP ${status}, not as Slipway does${hint}.`),
  );
}

/** Why no answer came, in one line: Node has it in the error's cause, browsers tell nobody. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: unknown; message?: unknown }; message?: unknown };
  const words = [cause?.code, cause?.message, message].find((word) => typeof word === 'string' && word !== '');
  return typeof words === 'string' ? words.replace(/\s+/g, ' ').slice(0, 200) : 'the connection failed';
}
