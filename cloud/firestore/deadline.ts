import type { Clock } from '../../domain/ports.ts';
import { NoAnswerError } from './failures.ts';

/** How long a call may take, since the client by itself goes on trying for ten minutes. */
export interface Deadline {
  readonly clock: Clock;
  readonly callMs: number;
}

/** @throws NoAnswerError when the call has not ended in time; it may still take effect */
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
