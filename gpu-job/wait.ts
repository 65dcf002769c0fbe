import type { Clock, Random } from '../domain/ports.ts';

/** Resolves after `ms`, or as soon as `signal` is aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      callOff();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const callOff = clock.after(ms, done);
    signal?.addEventListener('abort', done);
  });
}

export interface Patience {
  readonly clock: Clock;
  readonly random: Random;
  /** The first pause; doubled with each further failure, up to `maxMs`. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** No try begins after this instant. */
  readonly untilMs?: number;
  /** No try begins once this is aborted. */
  readonly signal?: AbortSignal;
}

/**
 * Calls until it succeeds, pausing longer after each failure, with jitter so that workers that lost the door together do not
 * return to it together. Throws the last error when it is not one that time may heal, or when patience is over.
 */
export async function retryWhile<T>(
  heals: (error: unknown) => boolean,
  call: () => Promise<T>,
  { clock, random, firstMs, maxMs, untilMs = Infinity, signal }: Patience,
): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await call();
    } catch (error) {
      const pauseMs = Math.min(maxMs, firstMs * 2 ** failures) * (0.5 + random.unit() / 2);
      if (!heals(error) || signal?.aborted || clock.nowMs() + pauseMs > untilMs) throw error;
      await sleep(clock, pauseMs, signal);
      if (signal?.aborted) throw error;
    }
  }
}
