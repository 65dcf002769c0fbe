import type { Job } from '../../domain/contract/job.ts';
import { isConflict } from '../../domain/errors.ts';
import { freePlace, roomFor } from '../../domain/place.policy.ts';
import { refs, update, type Snapshot } from '../../domain/ports.ts';
import { isWaiting, move, WAITING_FIELDS, type Waiting } from '../../domain/state.ts';
import type { Deps } from '../deps.ts';
import { decideAgain } from './again.ts';
import { nudge } from './nudge.ts';

type Needs = Pick<Deps, 'store' | 'bus' | 'clock' | 'log'>;

type Parked = Waiting & Pick<Job, 'home'>;

/** Waiting jobs that one round queues at most. */
const PAGE = 25;

/** How many jobs of a tenant may run at once, as it is now; null where there is no bound. */
async function runningLimit({ store }: Pick<Deps, 'store'>, tenant: string): Promise<number | null> {
  return (await store.get(refs.tenant(tenant)))?.data.limits?.running ?? null;
}

/**
 * The place that a limited job may try to take: null where its tenant has no limit any more, `full` where none is free. Reads
 * the limit each time, so that a lowered one holds from the next claim on.
 */
export async function placeFor(
  deps: Pick<Deps, 'store' | 'random'>,
  { limited, tenant }: Pick<Job, 'limited' | 'tenant'>,
): Promise<number | null | 'full'> {
  if (limited !== true) return null;
  const limit = await runningLimit(deps, tenant);
  if (limit === null) return null;
  const taken = await deps.store.query('placesOfTenant', { tenant }, { limit });
  const indices = taken.items.map(({ data }) => data.index);
  return freePlace(indices, limit, deps.random.unit()) ?? 'full';
}

/**
 * Takes a job out of the queue that cannot have a place, so that it hides nobody behind it. A place may have come free since that
 * was seen: the event of this very move, once settled, looks again. Never throws: a job that is left in the queue is met again.
 */
export async function park(deps: Needs, read: Snapshot<Waiting>): Promise<void> {
  try {
    await deps.store.commit(move(read, 'blocked', deps.clock.nowMs(), { reason: 'tenant_limit' }));
  } catch (error) {
    if (!isConflict(error)) deps.log.error('job not parked', { job: read.data.id, error: String(error) });
  }
}

/**
 * How many more jobs of a tenant may be queued. The held are counted before the queued: one that is claimed in between is then
 * counted once or not at all, and never twice, which would leave a place empty beside a job that waits.
 */
export async function roomOf({ store }: Pick<Deps, 'store'>, tenant: string, limit: number | null): Promise<number> {
  if (limit === null) return Infinity;
  const held = await store.count('placesOfTenant', { tenant }, limit);
  const queued = await store.count('limitedInState', { tenant, limited: true, state: 'queued' }, limit);
  return roomFor(limit, held, queued);
}

/**
 * Queues the first of a tenant's waiting jobs, as many as there is room for: a total, so that any number of calls queues no
 * more than one would. It is owed after each commit that may leave a place free (`owesLook`), and that commit's event stays
 * open until it was done. (docs/adr/20261126-tenant-places.md)
 * @param beginByMs until when further rounds are begun
 * @returns false where time was up before it was done
 */
export async function fillPlaces(deps: Needs, tenant: string, beginByMs: number): Promise<boolean> {
  for (;;) {
    // First, since mostly nobody waits; who begins to wait after this has a look of its own.
    const first = await waitingOf(deps, tenant, 1);
    if (first.length === 0) return true;
    const room = await roomOf(deps, tenant, await runningLimit(deps, tenant));
    if (room === 0) return true;
    const most = Math.min(room, PAGE);
    const items = most === 1 ? first : await waitingOf(deps, tenant, most);
    const outcomes = await Promise.allSettled(items.map((job) => queueAgain(deps, job)));
    // Also where it is not clear whether they are queued: then nobody else will.
    await nudge(deps, ...new Set(items.map((job) => job.data.home)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const queued = outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value).length;
    // A job that somebody else moved meanwhile has left its room to the next one.
    if (queued === room) return true;
    if (deps.clock.nowMs() >= beginByMs) return false;
  }
}

async function waitingOf({ store }: Needs, tenant: string, limit: number): Promise<readonly Snapshot<Parked>[]> {
  const where = { tenant, limited: true, reason: 'tenant_limit' } as const;
  const { items } = await store.query('limitedWaiting', where, { limit, fields: [...WAITING_FIELDS, 'home'] });
  return items.filter(isWaiting);
}

async function queueAgain(deps: Needs, read: Snapshot<Parked>): Promise<boolean> {
  try {
    await deps.store.commit(move(read, 'queued', deps.clock.nowMs()));
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
}

/**
 * The same at once, where a place was just given up: settling the event looks too, but a worker that is warm asks for its next
 * job now. One round, and never throws.
 */
export async function fillPlacesSoon(deps: Needs, tenant: string): Promise<void> {
  try {
    await fillPlaces(deps, tenant, deps.clock.nowMs());
  } catch (error) {
    deps.log.error('places not filled; settling the event will', { tenant, error: String(error) });
  }
}

/**
 * The same for a tenant whose limit was raised or lifted: its mark is taken off once those who waited for that are queued, by a
 * compare-and-set, so that one that is raised again meanwhile keeps it for another look.
 * @param beginByMs as for `fillPlaces`
 * @returns false where time was up before it was done: the mark stands, and sweep finds it
 */
export async function fillMarked(deps: Needs, tenant: string, beginByMs: number): Promise<boolean> {
  const ref = refs.tenant(tenant);
  return decideAgain(async () => {
    const read = await deps.store.get(ref);
    if (read?.data.fill !== true) return true;
    if (!(await fillPlaces(deps, tenant, beginByMs))) return false;
    await deps.store.commit([update(ref, read, { fill: false })]);
    return true;
  });
}
