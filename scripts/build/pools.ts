import { behindSeconds, oldestQueuedSeconds } from '../../domain/alerts.ts';
import type { Catalogue, Queue } from '../../domain/contract/model.ts';
import { HARDWARE, type Gpu } from '../../domain/hardware.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../domain/time.ts';

/** What Terraform makes a pool's Cloud Run Jobs of; named as there. */
export interface PoolFacts {
  readonly gpu: Gpu | null;
  readonly cpu: number;
  readonly memory_gib: number;
  /** Workers in each region. */
  readonly max: number;
  readonly timeout_seconds: number;
  readonly volumes: readonly { readonly bucket: string; readonly path: string }[];
  /** Null where the build makes one. */
  readonly image: string | null;
  /** How old its oldest queued job may be before somebody should look where no worker is there. */
  readonly oldest_queued_seconds: number;
  /** The same where workers are there: its jobs come near the end of their time to start. */
  readonly behind_seconds: number;
  readonly models: readonly string[];
}

export const POOL_FACTS_FILE = 'pools.json';

/** The longest that Cloud Run lets a task run. */
const LONGEST_SECONDS = { gpu: HOUR / SECOND, cpu: (7 * DAY) / SECOND };
/** In which a run that has timed out is killed, its result handed in, and the slot given back. */
const GRACE_SECONDS = (2 * MINUTE) / SECOND;

/** The pools of a catalogue, by name; regions are no matter here. */
export function poolsOf({ queues, models }: Pick<Catalogue, 'queues' | 'models'>): Record<string, PoolFacts> {
  const one = new Map([...queues.values()].map((queue) => [queue.pool.name, queue]));
  const sorted = [...one].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, queue]) => [name, factsOf(queue, models)]));
}

function factsOf({ pool, models: names }: Queue, models: Catalogue['models']): PoolFacts {
  const members = names.flatMap((name) => models.get(name)?.model ?? []);
  const [first] = members;
  if (first === undefined) throw new Error(`the pool ${pool.name} has no model`);
  // The catalogue holds all models of a pool to one machine.
  const { gpu, cpu, memoryGiB } = HARDWARE[first.hardware];
  // A worker takes no job once its life is over, but the last one may have begun right before.
  const wanted =
    pool.startupTimeoutSeconds +
    pool.maxLifetimeSeconds +
    Math.max(...members.map(({ limits }) => limits.runTimeoutSeconds)) +
    GRACE_SECONDS;
  return {
    gpu,
    cpu,
    memory_gib: memoryGiB,
    max: pool.max,
    timeout_seconds: Math.min(Math.ceil(wanted), LONGEST_SECONDS[gpu === null ? 'cpu' : 'gpu']),
    volumes: pool.volumes.map(({ bucket, path }) => ({ bucket, path })),
    image: pool.image ?? null,
    oldest_queued_seconds: oldestQueuedSeconds(pool, members),
    behind_seconds: behindSeconds(members),
    models: members.map(({ name }) => name).toSorted(),
  };
}
