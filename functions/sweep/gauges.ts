import type { Gauge } from '../../domain/ports.ts';
import { SECOND } from '../../domain/time.ts';
import type { SweepDeps } from '../deps.ts';
import { heldCount } from './held-count.ts';

/** Counting costs reads; beyond this a queue is long, and how long does not matter. */
const MOST_COUNTED = 2_000;

/** Of sweeps that come close together the platform takes the gauges of one; that must not look like work left undone. */
export async function writeGauges(deps: SweepDeps): Promise<void> {
  const points = await gauges(deps);
  try {
    await deps.metrics.gauges(points);
  } catch (error) {
    deps.log.error('gauges not written', { error: String(error) });
  }
}

async function gauges(deps: SweepDeps): Promise<Gauge[]> {
  const open = await deps.store.count('openEvents', { open: true }, MOST_COUNTED);
  const points: Gauge[] = [{ name: 'open_events', queue: null, value: open }];
  for (const { name } of deps.catalogue.queues.values()) {
    const head = await deps.store.query(
      'backlog',
      { state: 'queued', home: name },
      { limit: 1, fields: ['queuedAtMs'] },
    );
    const oldest = head.items[0]?.data.queuedAtMs ?? head.readAtMs;
    points.push(
      {
        name: 'queued_jobs',
        queue: name,
        value: await deps.store.count('backlog', { state: 'queued', home: name }, MOST_COUNTED),
      },
      { name: 'oldest_queued_seconds', queue: name, value: Math.max(0, (head.readAtMs - oldest) / SECOND) },
      { name: 'held_slots', queue: name, value: await heldCount(deps, name) },
    );
  }
  return points;
}
