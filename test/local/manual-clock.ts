import type { Clock } from '../../domain/ports.ts';

export interface ManualClock extends Clock {
  /** Puts the time to this instant, back too, and calls what is due by then in the order of its time. */
  set(ms: number): void;
  /** How long from now each timer that is set has still to go, shortest first. */
  timers(): number[];
  /** Resolves with the shortest of them as soon as one is set. */
  nextTimer(): Promise<number>;
}

/** Time that passes only when a test says so. */
export function manualClock(startMs: number): ManualClock {
  let now = startMs;
  const waiting = new Set<{ at: number; fn: () => void }>();
  const onTimer: (() => void)[] = [];
  const earliest = () => [...waiting].sort((a, b) => a.at - b.at)[0];
  return {
    nowMs: () => now,
    after: (ms, fn) => {
      const timer = { at: now + ms, fn };
      waiting.add(timer);
      for (const tell of onTimer.splice(0)) tell();
      return () => waiting.delete(timer);
    },
    set: (ms) => {
      for (let next = earliest(); next !== undefined && next.at <= ms; next = earliest()) {
        waiting.delete(next);
        now = Math.max(now, next.at);
        next.fn();
      }
      now = ms;
    },
    nextTimer: async () => {
      if (waiting.size === 0) await new Promise<void>((resolve) => onTimer.push(resolve));
      return (earliest()?.at ?? now) - now;
    },
    timers: () => [...waiting].map(({ at }) => at - now).sort((a, b) => a - b),
  };
}
