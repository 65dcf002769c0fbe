import type { Slot } from './contract/slot.ts';
import type { Snapshot } from './ports.ts';
import { HOUR, MINUTE } from './time.ts';

/** What a slot has while nobody holds it; its fence is left to whoever writes this. */
export const UNHELD = {
  state: 'free',
  ticketHash: null,
  sessionHash: null,
  execution: null,
  jobs: [] as string[],
  claims: 0,
  reservedAtMs: null,
  readyAtMs: null,
  loadMs: null,
  lastFinishAtMs: null,
} satisfies Partial<Slot>;

/** A slot that was never handed out. */
export const newSlot = (queue: string, index: number): Slot => ({
  schema: 1,
  queue,
  index,
  fence: 0,
  renewals: 0,
  bootFailures: 0,
  ...UNHELD,
});

/** Whether a slot counts as a worker that is there or on its way. A draining one takes no further job. */
export const isHeldSlot = (slot: Pick<Slot, 'state'>): boolean =>
  slot.state === 'reserved' || slot.state === 'starting' || slot.state === 'ready';

/**
 * How long a free slot, and its queue with it, rests after launches in a row that ran no job: not after the first, then
 * doubling. Sweep looks again each minute, so nothing else has to wake it.
 */
export function bootBackoffMs(bootFailures: number, backoffMs: number): number {
  return bootFailures <= 1 ? 0 : Math.min(HOUR, backoffMs * 2 ** (bootFailures - 2));
}

/** Whether a free slot rests from launches that failed; those of a former start say nothing about this one. */
export function isResting(slot: Snapshot<Slot>, backoffMs: number, aliveSinceMs: number | null): boolean {
  if (slot.data.state !== 'free') return false;
  const formerStart = aliveSinceMs !== null && slot.updatedAtMs < aliveSinceMs;
  return !formerStart && slot.readAtMs - slot.updatedAtMs < bootBackoffMs(slot.data.bootFailures, backoffMs);
}

/** A slot that has rested is launched again within this, where a job waits. */
const TRIED_AGAIN_MS = 10 * MINUTE;

/**
 * How many launches in a row ran no job, of the slot that has most. One that nobody has launched again though it had rested says
 * nothing any more: nothing waits for it, and nothing would ever take its count back.
 */
export function bootFailuresOf(slots: readonly Snapshot<Slot>[], backoffMs: number): number {
  const isOver = ({ data: { state, bootFailures }, readAtMs, updatedAtMs }: Snapshot<Slot>): boolean =>
    state === 'free' && readAtMs - updatedAtMs > bootBackoffMs(bootFailures, backoffMs) + TRIED_AGAIN_MS;
  return Math.max(0, ...slots.filter((slot) => !isOver(slot)).map(({ data }) => data.bootFailures));
}

/**
 * Whether a held slot is worth a second look: a worker that is well writes to its own at least every `renewEveryMs`.
 * Recovery decides for itself; this only keeps it from asking the platform about every worker each minute.
 */
export function isSuspect(slot: Snapshot<Slot>, renewEveryMs: number): boolean {
  const renews = slot.data.state === 'ready' || slot.data.state === 'draining';
  return !renews || slot.readAtMs - slot.updatedAtMs > 2 * renewEveryMs;
}

/** Whether no slot was handed out, taken back, or given or relieved of a job between two reads; renewals do not count. */
export function sameWork(before: readonly Snapshot<Slot>[], after: readonly Snapshot<Slot>[]): boolean {
  // `claims` tells a job that was given back and taken again from one that never left.
  const work = ({ data: { index, state, fence, claims, jobs } }: Snapshot<Slot>): string =>
    [index, state, fence, claims, ...jobs].join(' ');
  return (
    before.length === after.length && before.every((slot, i) => after[i] !== undefined && work(slot) === work(after[i]))
  );
}
