import type { Slot } from './contract/slot.ts';
import { HOUR } from './time.ts';

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
 * How long a free slot rests after launches that never became ready: not after the first, then doubling. Sweep looks again
 * each minute, so nothing else has to wake it.
 */
export function bootBackoffMs(bootFailures: number, backoffMs: number): number {
  return bootFailures <= 1 ? 0 : Math.min(HOUR, backoffMs * 2 ** (bootFailures - 2));
}
