import type { Clock } from '../domain/ports.ts';

/** How long a call may take, since Google's clients by themselves go on trying for up to ten minutes. */
export interface Deadline {
  readonly clock: Clock;
  readonly callMs: number;
}

/** Thrown by an adapter itself when there was no answer in time; the call may still take effect. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** @throws NoAnswerError */
export async function withDeadline<T>({ clock, callMs }: Deadline, call: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const callOff = clock.after(callMs, () => reject(new NoAnswerError(`no answer within ${callMs} ms`)));
  try {
    return await Promise.race([call, promise]);
  } finally {
    callOff();
    // What comes too late concerns nobody any more.
    call.catch(() => undefined);
  }
}
