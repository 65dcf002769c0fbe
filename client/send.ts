import { checked, queryOf } from './address.ts';
import { SlipwayError } from './errors.ts';
import { pause, type ClientHost } from './host.ts';
import { jsonOf, problemOf, reasonOf, type Answer } from './problem.ts';
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
  /** How long it is made again and again while nobody is there, in the place of a number of tries. */
  readonly outageMs?: number | undefined;
  /** Whether JSON may be the answer to it. */
  readonly isAnswer?: ((json: unknown) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A call that is about to be made again. */
export interface Retry {
  /** How often it was made so far. */
  readonly tries: number;
  /** How long until the next time. */
  readonly waitMs: number;
  /** How the last try ended. */
  readonly error: SlipwayError;
}

export interface Sender {
  /** What the JSON of the answer holds; null where it has no body. @throws SlipwayError */
  readonly send: (call: Call) => Promise<unknown>;
  /** The text of an answer that comes bit by bit; null where it has no body. @throws SlipwayError, while it is read too */
  readonly open: (call: Call) => Promise<AsyncIterable<string> | null>;
}

/** No answer for so long, beyond what it was to be held, and the try is given up. A stream is silent for 15 s at most. */
const ANSWER_WITHIN_MS = 30_000;

const SHORTEST_SECRET = 8;

/** An answer that is still to come, but for its head. */
interface Stream {
  readonly pieces: AsyncIterable<string>;
}

/** A problem has a type of its own, and something in between that answers for Slipway hardly sends JSON. */
const isAnswerTo = ({ alsoAnswers }: Call, { status, headers }: Answer): boolean =>
  (status >= 200 && status < 300) ||
  (status === alsoAnswers && headers.get('content-type')?.startsWith('application/json') === true);

const NOTHING: Answer = { status: 204, headers: new Headers(), text: '' };

/**
 * Makes calls, again where that is safe and may help.
 * @param at where Slipway is and the key, which goes nowhere but into the header
 * @param onRetry is told before each pause; where it answers false, the call is not made again
 */
export function sender(
  at: { readonly url: string; readonly key: string },
  host: ClientHost,
  onRetry: (retry: Retry) => unknown = () => true,
): Sender {
  const { url, key } = checked(at);
  if (typeof host.fetch !== 'function') throw new TypeError('fetch must be a function: there is none here');
  // A browser's own refuses to be a method of anything else.
  const fetch = host.fetch.bind(undefined);
  // A shorter one cannot be told from a word of the text.
  const clean = (text: string): string => (key.length < SHORTEST_SECRET ? text : text.replaceAll(key, '<key>'));
  const silent = (ms: number): SlipwayError =>
    new SlipwayError(null, 'unreachable', `${url} does not answer: no answer within ${ms / 1_000} s.`);
  const broken = (error: unknown): SlipwayError =>
    new SlipwayError(null, 'unreachable', clean(`${url} cannot be reached: ${reasonOf(error)}.`));

  const once = async (call: Call, isStream: boolean): Promise<Answer | Stream> => {
    // Outside of the try: what cannot be sent at all is the caller's mistake.
    const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
    const accept = isStream ? 'text/event-stream' : 'application/json';
    const headers = new Headers({ accept, authorization: `Bearer ${key}`, ...call.headers });
    if (call.body !== undefined) headers.set('content-type', 'application/json');
    const giveUp = new AbortController();
    const withinMs = ANSWER_WITHIN_MS + (call.holdMs ?? 0);
    const callOff = host.clock.after(withinMs, () => giveUp.abort());
    const signals = call.signal === undefined ? [giveUp.signal] : [giveUp.signal, call.signal];
    try {
      const response = await fetch(`${url}${call.path}${queryOf(call.query)}`, {
        method: call.method,
        // A redirect would turn a POST into a GET, or take the key elsewhere.
        redirect: 'manual',
        signal: AbortSignal.any(signals),
        headers,
        ...body,
      });
      const { status } = response;
      if (isStream && status === 200 && response.body !== null) {
        if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
          return { pieces: piecesOf(response.body, giveUp, call.signal) };
        }
        giveUp.abort();
        throw unexpected(status, 'no events');
      }
      // Read here, since a connection can break in the middle of it too.
      return { status, headers: response.headers, text: await response.text() };
    } catch (error) {
      call.signal?.throwIfAborted();
      if (error instanceof SlipwayError) throw error;
      throw giveUp.signal.aborted ? silent(withinMs) : broken(error);
    } finally {
      callOff();
    }
  };

  async function* piecesOf(
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    giveUp: AbortController,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<string, void, undefined> {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    const next = async (): Promise<string | undefined> => {
      const callOff = host.clock.after(ANSWER_WITHIN_MS, () => giveUp.abort());
      try {
        return (await reader.read()).value;
      } catch (error) {
        signal?.throwIfAborted();
        throw giveUp.signal.aborted ? silent(ANSWER_WITHIN_MS) : broken(error);
      } finally {
        callOff();
      }
    };
    try {
      for (let piece = await next(); piece !== undefined; piece = await next()) yield piece;
    } finally {
      // Whoever reads on no more hangs up.
      giveUp.abort();
    }
  }

  const made = async (call: Call, isStream: boolean): Promise<Answer | Stream> => {
    let failedAtMs: number | null = null;
    for (let tries = 1; ; tries += 1) {
      call.signal?.throwIfAborted();
      const outcome = await once(call, isStream).catch((error: unknown) => {
        if (error instanceof SlipwayError) return error;
        throw error;
      });
      if ('pieces' in outcome) return outcome;
      const answer = outcome instanceof SlipwayError ? null : outcome;
      if (answer !== null && isAnswerTo(call, answer)) return answer;
      const nowMs = host.clock.nowMs();
      failedAtMs ??= nowMs;
      const error = outcome instanceof SlipwayError ? outcome : problemOf(outcome, url, nowMs, clean);
      const failed = { status: error.status, retryAfter: answer?.headers.get('retry-after') ?? null };
      const outageMs = call.outageMs === undefined ? null : failedAtMs + call.outageMs - nowMs;
      const waitMs = call.isRepeatable ? pauseMs(failed, tries, nowMs, host.random.unit(), outageMs) : null;
      // Gone by one of our own tries, whose answer was lost.
      if (answer !== null && tries > 1 && answer.status === 404 && call.method === 'DELETE') return NOTHING;
      if (waitMs === null || onRetry({ tries, waitMs, error }) === false) throw error;
      await pause(host, waitMs, call.signal);
    }
  };

  const unexpected = (status: number, why: string): SlipwayError =>
    new SlipwayError(status, 'unexpected_answer', `${url} answers, but not as Slipway does: ${why}.`);

  return {
    send: async (call) => {
      const { status, text } = (await made(call, false)) as Answer;
      if (status === 204) return null;
      const body = jsonOf(text);
      if (body === undefined) throw unexpected(status, 'no JSON');
      if (call.isAnswer?.(body) === false) throw unexpected(status, 'JSON of something else');
      return body;
    },
    open: async (call) => {
      const answer = await made(call, true);
      return 'pieces' in answer ? answer.pieces : null;
    },
  };
}
