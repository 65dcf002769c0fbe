import { pause, type ClientHost } from '../../client/host.ts';
import { isNotYet } from './failure.ts';

/** Where something is waited for that cannot be held: often enough for a person. */
const LOOK_EVERY_MS = 1_000;
/** So long is waited without a word. */
export const TELL_AFTER_MS = 10_000;

export type SmokeClock = ClientHost['clock'];

export interface Patience {
  readonly withinMs: number;
  readonly signal: AbortSignal;
  readonly clock: SmokeClock;
  /** Told once, where it takes long, what is waited for to pass. */
  readonly isLong?: (why: Error) => void;
}

/**
 * What a look finds, as soon as it finds it: it is made again while it fails in a way that may pass, and once more when the time is up.
 * @param look may be made any number of times
 * @throws what the last look failed with; the signal's reason when that ends first
 */
export async function patiently<T>(look: () => Promise<T>, { withinMs, signal, clock, isLong }: Patience): Promise<T> {
  const beganMs = clock.nowMs();
  let isTold = false;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      signal.throwIfAborted();
      const waitedMs = clock.nowMs() - beganMs;
      if (!isNotYet(error) || waitedMs >= withinMs) throw error;
      if (waitedMs >= TELL_AFTER_MS && !isTold) {
        isTold = true;
        isLong?.(error as Error);
      }
    }
    await pause({ clock }, LOOK_EVERY_MS, signal);
  }
}
