import type { Clock } from '../domain/ports.ts';

/** The longest delay that setTimeout keeps; it fires at once when asked for more. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** The machine's clock. Its timers keep the process alive: whoever sets one calls it off when it stops. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after: (ms, fn) => {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, LONGEST_TIMER_MS);
      timer = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : fn()), stepMs);
    };
    wait(Math.max(0, ms));
    return () => clearTimeout(timer);
  },
};
