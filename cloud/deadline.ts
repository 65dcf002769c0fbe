import type { Clock } from '../domain/ports.ts';
import { MINUTE, SECOND } from '../domain/time.ts';

/** How long the calls of each API may take, so that a handler that makes a few of them one after the other answers in 8 s. */
export const CALL_MS = {
  store: 4 * SECOND,
  /** What it announces is stored, and sweep finds it. */
  publish: 3 * SECOND,
  run: 6 * SECOND,
  storage: 5 * SECOND,
  secrets: 5 * SECOND,
  /** To know the account, and again for it to sign. */
  tokens: 5 * SECOND,
  /** Sweep's, which has a minute. */
  gauges: 10 * SECOND,
  /** What is called works through its ids before it answers. */
  due: MINUTE,
} as const;

/** Reading back what a commit without an answer has written. */
export const readBackMs = (callMs: number): number => callMs / 2;

/** How long a call may take, since Google's clients by themselves go on trying for up to ten minutes. */
export interface Deadline {
  readonly clock: Clock;
  readonly callMs: number;
  /** The calls that have not ended, those that were given up among them. */
  readonly pending?: Set<Promise<unknown>>;
}

/** Thrown by an adapter itself when there was no answer in time; the call may still take effect. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** @throws NoAnswerError */
export async function withDeadline<T>({ clock, callMs, pending }: Deadline, call: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = call.then(
    () => undefined,
    // What comes too late concerns nobody any more.
    () => undefined,
  );
  pending?.add(end);
  void end.then(() => pending?.delete(end));
  const callOff = clock.after(callMs, () => reject(new NoAnswerError(`no answer within ${callMs} ms`)));
  try {
    return await Promise.race([call, promise]);
  } finally {
    callOff();
  }
}
