import type { Queue } from '../../domain/contract/model.ts';
import type { Gauge } from '../../domain/ports.ts';
import { bootFailuresOf, isHeldSlot } from '../../domain/slot.policy.ts';
import { SECOND } from '../../domain/time.ts';
import type { SweepDeps } from '../deps.ts';

/** Counting costs reads; beyond this a queue is long, and how long does not matter. */
const MOST_COUNTED = 2_000;

/**
 * What can be read is written, each queue on its own: one query that fails must not look as if nobody swept. Of sweeps that come
 * close together the platform takes the gauges of one; that must not look like work left undone.
 * @throws whatever a read failed with, once the others are written
 */
export async function writeGauges(deps: SweepDeps): Promise<void> {
  const reads = await Promise.allSettled([
    openEvents(deps),
    ...[...deps.catalogue.queues.values()].map((queue) => ofQueue(deps, queue)),
  ]);
  try {
    await deps.metrics.gauges(reads.flatMap((read) => (read.status === 'fulfilled' ? read.value : [])));
  } catch (error) {
    deps.log.error('gauges not written', { error: String(error) });
  }
  const failed = reads.find((read) => read.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function openEvents({ store }: SweepDeps): Promise<Gauge[]> {
  return [{ name: 'open_events', queue: null, value: await store.count('openEvents', { open: true }, MOST_COUNTED) }];
}

async function ofQueue({ store, settings }: SweepDeps, { name: queue }: Queue): Promise<Gauge[]> {
  const where = { state: 'queued', home: queue } as const;
  const [queued, head, slots] = await Promise.all([
    store.count('backlog', where, MOST_COUNTED),
    store.query('backlog', where, { limit: 1, fields: ['queuedAtMs'] }),
    store.query('slotsOfQueue', { queue }, { limit: 1_000 }),
  ]);
  const oldest = head.items[0]?.data.queuedAtMs ?? head.readAtMs;
  const held = slots.items.filter((slot) => isHeldSlot(slot.data)).length;
  return [
    { name: 'queued_jobs', queue, value: queued },
    { name: 'oldest_queued_seconds', queue, value: Math.max(0, (head.readAtMs - oldest) / SECOND) },
    { name: 'held_slots', queue, value: held },
    { name: 'boot_failures', queue, value: bootFailuresOf(slots.items, settings.backoffMs) },
  ];
}
