import { priceOf } from './hardware.ts';
import { SECOND } from './time.ts';

/** Workers as one more job would find them: how many may take it at once, how many run another, how many have still to boot. */
export interface WorkersView {
  readonly idle: number;
  readonly busy: number;
  readonly booting: number;
  /** Jobs that are queued before it. */
  readonly ahead: number;
  readonly bootMs: number;
  readonly runMs: number;
}

/**
 * When the last of `ahead` + 1 jobs begins, if each takes `runMs` and goes to whichever worker is free first. A busy worker is
 * reckoned with a whole run and one that boots with a whole boot, since nobody knows how far they are: rather too long than too
 * short. Infinity where there is no worker.
 */
export function expectedWaitMs(view: WorkersView): number {
  const runMs = Math.max(1, view.runMs);
  const groups = [
    { workers: view.idle, freeAtMs: 0 },
    { workers: view.busy, freeAtMs: runMs },
    { workers: view.booting, freeAtMs: view.bootMs },
  ].filter(({ workers }) => workers > 0);
  if (groups.length === 0) return Infinity;
  const startedBy = (ms: number): number =>
    groups.reduce(
      (sum, { workers, freeAtMs }) => sum + (ms < freeAtMs ? 0 : workers * (Math.floor((ms - freeAtMs) / runMs) + 1)),
      0,
    );
  // The earliest millisecond by which so many have begun; one worker alone would be done by the upper bound.
  let low = 0;
  let high = Math.ceil(Math.max(...groups.map(({ freeAtMs }) => freeAtMs)) + view.ahead * runMs);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (startedBy(middle) > view.ahead) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Rounded up to 1, 2 or 5 of its power of ten: as much as a wait among jobs of others can be told, and no more than may be told of them. */
export function coarseMs(ms: number): number {
  if (ms <= 0 || !Number.isFinite(ms)) return ms;
  const power = 10 ** Math.floor(Math.log10(ms));
  return ([1, 2, 5].find((step) => ms <= step * power) ?? 10) * power;
}

/** What so much of a worker's time costs on this hardware, in US dollars; null where its price is not known. */
export function expectedCostUsd(hardware: string, ms: number): number | null {
  const price = priceOf(hardware);
  return price === null ? null : (ms / SECOND) * price.usdPerSecond;
}
