import type { Job } from '../../domain/contract/job.ts';
import { refs, type Snapshot, type Store } from '../../domain/ports.ts';
import { isWaiting, WAITING_FIELDS, type Waiting } from '../../domain/state.ts';
import { coalesced, type Coalesced } from '../steps/coalesce.ts';

/** Candidates read beyond one for each claim: some of them are taken elsewhere meanwhile. */
export const SPARE = 4;
export const MOST = 50;

/** A job that a claim may try, as far as it must be known to be passed over or parked. */
export interface Candidate {
  readonly seen: Snapshot<Waiting & Pick<Job, 'limited' | 'startByMs'>>;
  /** All of it; null where it is gone. */
  readonly whole: () => Promise<Snapshot<Job> | null>;
}

/** The first jobs of a queue by rank, as one query saw them, for all claims that asked for them together. */
export interface QueueHead {
  readonly isEmpty: boolean;
  /** The store's time of the query. */
  readonly readAtMs: number;
  /** The first candidate that none of those claims has been given yet; null when there is none left. */
  take(): Candidate | null;
}

type Needs = Pick<Store, 'get' | 'query'>;
const looks = new WeakMap<Needs, Coalesced<number, QueueHead>>();

/**
 * The head of a queue, seen after this was called. Claims that ask at the same time share a query and are given different
 * jobs of it, the first of them the first: they cost Firestore one read a job instead of a page each, and do not lose races
 * to each other. Those of other instances they may lose to; their commits decide.
 * @param spare candidates beyond one for each claim
 */
export function headOf(store: Needs, queue: string, spare = SPARE): Promise<QueueHead> {
  const known = looks.get(store) ?? coalesced((name, spares) => look(store, name, spares));
  looks.set(store, known);
  return known(queue, spare);
}

async function look(store: Needs, queue: string, spares: readonly number[]): Promise<QueueHead> {
  const spare = Math.max(...spares);
  const limit = Math.min(MOST, spares.length + spare);
  const { candidates, readAtMs } = await (spare > SPARE ? farLook : nearLook)(store, queue, limit);
  let given = 0;
  return { isEmpty: candidates.length === 0, readAtMs, take: () => candidates[given++] ?? null };
}

type Look = Promise<{ readonly candidates: readonly Candidate[]; readonly readAtMs: number }>;

async function nearLook(store: Needs, queue: string, limit: number): Look {
  const { items, readAtMs } = await store.query('claimable', { state: 'queued', queues: queue }, { limit });
  return { candidates: items.filter(isWaiting).map((seen) => ({ seen, whole: async () => seen })), readAtMs };
}

/**
 * Of most of what is seen this far behind the head nothing is run, but a place that is not free is found out. So no inputs are
 * read, which may be half a mebibyte each; whoever runs one of these jobs reads it once more.
 */
async function farLook(store: Needs, queue: string, limit: number): Look {
  const { items, readAtMs } = await store.query(
    'claimable',
    { state: 'queued', queues: queue },
    { limit, fields: [...WAITING_FIELDS, 'limited', 'startByMs'] },
  );
  const candidates = items
    .filter(isWaiting)
    .map((seen): Candidate => ({ seen, whole: () => store.get(refs.job(seen.data.id)) }));
  return { candidates, readAtMs };
}
