import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  isConflict,
  PROBLEMS,
  RequestError,
  UnavailableError,
  UnclearError,
  type ProblemCode,
} from '../../domain/errors.ts';
import type { Problem } from '../../domain/contract/http.ts';
import type { Log } from '../../domain/ports.ts';
import { sendStream, type StreamedAnswer } from './stream.ts';

/** What functions-framework hands to an HTTP function: `rawBody` is the bytes of the body, if there is one. */
export type FunctionRequest = IncomingMessage & { readonly rawBody?: Buffer };

/** An HTTP answer; `body` goes out as JSON. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** A refusal that needs a header of its own, such as `Allow`. */
export class RefusedRequestError extends RequestError {
  readonly headers: Readonly<Record<string, string>>;
  constructor(code: ProblemCode, detail: string, headers: Readonly<Record<string, string>>) {
    super(code, detail);
    this.headers = headers;
  }
}

/** What a problem of this code carries beyond its body. */
export const CODE_HEADERS: Partial<Record<ProblemCode, Readonly<Record<string, string>>>> = {
  unauthenticated: { 'www-authenticate': 'Bearer realm="slipway"' },
  too_many_jobs: { 'retry-after': '30' },
  too_many_streams: { 'retry-after': '5' },
  unavailable: { 'retry-after': '1' },
};

/** Whatever was thrown, as a problem document (RFC 9457). What is not the caller's fault is logged, and nothing of it is told. */
export function problemAnswer(error: unknown, log: Log): Answer {
  if (error instanceof RequestError) return requestProblem(error);
  // Not decided, or lost too many races: the same request may well succeed a little later.
  if (error instanceof UnclearError || isConflict(error)) {
    log.error('request unclear', { error: error.stack ?? error.message });
    return requestProblem(new RequestError('unavailable', 'It is not clear whether this took effect. Ask again.'));
  }
  if (error instanceof UnavailableError) {
    log.error('request not answered', { error: error.stack ?? error.message });
    return requestProblem(new RequestError('unavailable', 'Something that this needs does not answer. Ask again.'));
  }
  log.error('request failed', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  return requestProblem(new RequestError('internal', 'The fault is ours and has been logged.'));
}

/** The `type` of a problem. */
export const typeOf = (code: ProblemCode): string => `urn:slipway:problem:${code}`;

function requestProblem(error: RequestError): Answer {
  const { status, title } = PROBLEMS[error.code];
  const body: Problem = {
    type: typeOf(error.code),
    title,
    status,
    code: error.code,
    detail: error.message,
    ...(error.errors.length === 0 ? {} : { errors: error.errors.map(({ field, message }) => ({ field, message })) }),
  };
  const headers = {
    'content-type': 'application/problem+json',
    ...CODE_HEADERS[error.code],
    ...(error instanceof RefusedRequestError ? error.headers : {}),
  };
  return { status, headers, body };
}

/** An answer as the header fields and the text that go over the wire. */
export function encodeAnswer({ status, headers, body }: Answer): {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
} {
  const text = body === undefined ? '' : JSON.stringify(body);
  return {
    status,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(status === 204 || status === 304 ? {} : { 'content-length': String(Buffer.byteLength(text)) }),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
    text,
  };
}

export function sendAnswer(response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const { status, headers, text } = encodeAnswer(answer);
  response.writeHead(status, headers).end(text);
}

/**
 * An HTTP function from one that returns its answer or throws: every error becomes a problem, so none reaches the framework.
 * @param answer its `gone` is aborted when the client has hung up before it was answered, or before its stream had ended
 */
export function httpHandler(
  log: Log,
  answer: (request: FunctionRequest, gone: AbortSignal) => Promise<Answer | StreamedAnswer>,
): (request: FunctionRequest, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const gone = new AbortController();
    const hungUp = (): void => gone.abort();
    response.once('close', hungUp);
    let result: Answer | StreamedAnswer;
    try {
      result = await answer(request, gone.signal);
    } catch (error) {
      result = problemAnswer(error, log);
    }
    if ('stream' in result) return sendStream(response, result, log);
    response.off('close', hungUp);
    sendAnswer(response, result);
  };
}
