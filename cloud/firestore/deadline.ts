import type { Clock } from '../../domain/ports.ts';
import { NoAnswerError } from './failures.ts';

/** The client goes on trying for ten minutes by itself; whoever called has to answer within eight seconds. */
const CALL_MS = 7_000;

/** @throws NoAnswerError when the call has not ended in time; it may still take effect */
export async function withDeadline<T>(clock: Clock, call: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const callOff = clock.after(CALL_MS, () => reject(new NoAnswerError(`no answer within ${CALL_MS} ms`)));
  try {
    return await Promise.race([call, promise]);
  } finally {
    callOff();
    // What comes too late concerns nobody any more.
    call.catch(() => undefined);
  }
}
