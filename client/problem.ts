import type { FieldError, ProblemCode } from '../domain/errors.ts';
import { SlipwayError } from './errors.ts';
import { retryAfterMs } from './retry.ts';

/** An answer that has come in full. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Undefined where it is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * What an answer that is no success says.
 * @param clean takes the key out of a text
 */
export function problemOf(
  { status, headers, text }: Answer,
  url: string,
  nowMs: number,
  clean: (text: string) => string,
): SlipwayError {
  const askedMs = retryAfterMs(headers.get('retry-after'), nowMs);
  const retryAfterSeconds = askedMs === null ? null : Math.ceil(askedMs / 1_000);
  const problem = jsonOf(text) as { code?: unknown; detail?: unknown; errors?: unknown } | null | undefined;
  if (typeof problem?.code === 'string' && typeof problem.detail === 'string') {
    const errors = fieldErrors(problem.errors).map(({ field, message }) => ({ field, message: clean(message) }));
    // A later Slipway may have codes that this client has not heard of.
    return new SlipwayError(status, problem.code as ProblemCode, clean(problem.detail), errors, { retryAfterSeconds });
  }
  if (status === 429 || status >= 502) {
    const says = `${url} is not available just now (HTTP ${status}).`;
    return new SlipwayError(status, 'unavailable', says, [], { retryAfterSeconds });
  }
  const to = headers.get('location');
  const hint = status >= 300 && status < 400 && to !== null ? `; it leads to ${to}` : '';
  const says = `${url} answers HTTP ${status}, not as Slipway does${hint}.`;
  return new SlipwayError(status, 'unexpected_answer', clean(says));
}

/** Those that can be read: something on the way may have written the rest. */
function fieldErrors(given: unknown): FieldError[] {
  const errors: unknown[] = Array.isArray(given) ? given : [];
  return errors.filter((one): one is FieldError => {
    const { field, message } = (one ?? {}) as Partial<Record<keyof FieldError, unknown>>;
    return typeof field === 'string' && typeof message === 'string';
  });
}

/** Why no answer came, in one line: Node has it in the error's cause, browsers tell nobody. */
export function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: unknown; message?: unknown }; message?: unknown };
  const words = [cause?.code, cause?.message, message].find((word) => typeof word === 'string' && word !== '');
  return typeof words === 'string' ? words.replace(/\s+/g, ' ').slice(0, 200) : 'the connection failed';
}
