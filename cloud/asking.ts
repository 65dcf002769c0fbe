import { UnavailableError } from '../domain/errors.ts';
import { NoAnswerError, withDeadline, type Deadline } from './deadline.ts';

/** gRPC status codes (google.rpc.Code) after which nobody knows, or after which the same call may go well a moment later. */
const PASSING_CODES: readonly unknown[] = [
  1, // CANCELLED
  2, // UNKNOWN
  4, // DEADLINE_EXCEEDED
  8, // RESOURCE_EXHAUSTED
  10, // ABORTED
  13, // INTERNAL
  14, // UNAVAILABLE
];

/** What Node's sockets and the look-up of a name fail with, and what Storage's client passes on. */
const PASSING_NAMES = /^(E[A-Z]+|UND_ERR_[A-Z_]+)$/;

/** Whether an error of one of Google's clients leaves open what happened: a refusal with a reason does not. */
export function isPassing(error: unknown): boolean {
  if (error instanceof NoAnswerError) return true;
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === 'string') return PASSING_NAMES.test(code);
  if (typeof code !== 'number') return false;
  // Codes of gRPC end at 16, where those of HTTP have not begun.
  return PASSING_CODES.includes(code) || code === 408 || code === 429 || code >= 500;
}

/**
 * A call that changes nothing, or comes to the same however often it is made, so that it may be made again whatever has become of it.
 * @throws UnavailableError where it has not been answered, in time or at all; else what the client throws
 */
export async function asking<T>(deadline: Deadline, whom: string, call: () => Promise<T>): Promise<T> {
  try {
    return await withDeadline(deadline, call());
  } catch (error) {
    if (!isPassing(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new UnavailableError(`${whom} did not answer: ${why}`, { cause: error });
  }
}
