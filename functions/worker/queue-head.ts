import type { Job } from '../../domain/contract/job.ts';
import type { Snapshot, Store } from '../../domain/ports.ts';
import { coalesced, type Coalesced } from '../steps/coalesce.ts';

/** Candidates read beyond one for each claim: some of them are taken elsewhere meanwhile. */
export const SPARE = 4;
export const MOST = 50;

/** The first jobs of a queue by rank, as one query saw them, for all claims that asked for them together. */
export interface QueueHead {
  readonly isEmpty: boolean;
  /** The store's time of the query. */
  readonly readAtMs: number;
  /** The first candidate that none of those claims has been given yet; null when there is none left. */
  take(): Snapshot<Job> | null;
}

const looks = new WeakMap<Pick<Store, 'query'>, Coalesced<number, QueueHead>>();

/**
 * The head of a queue, seen after this was called. Claims that ask at the same time share a query and are given different
 * jobs of it, the first of them the first: they cost Firestore one read a job instead of a page each, and do not lose races
 * to each other. Those of other instances they may lose to; their commits decide.
 * @param spare candidates beyond one for each claim
 */
export function headOf(store: Pick<Store, 'query'>, queue: string, spare = SPARE): Promise<QueueHead> {
  const known = looks.get(store) ?? coalesced((name, spares) => look(store, name, spares));
  looks.set(store, known);
  return known(queue, spare);
}

async function look(store: Pick<Store, 'query'>, queue: string, spares: readonly number[]): Promise<QueueHead> {
  const limit = Math.min(MOST, spares.length + Math.max(...spares));
  const { items, readAtMs } = await store.query('claimable', { state: 'queued', queues: queue }, { limit });
  let given = 0;
  return { isEmpty: items.length === 0, readAtMs, take: () => items[given++] ?? null };
}
