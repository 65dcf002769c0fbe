import type { CollectionName, Collections } from '../../domain/collections.ts';
import type { Job } from '../../domain/contract/job.ts';
import { isConflict } from '../../domain/errors.ts';
import { refs, remove, update, type Page, type Snapshot } from '../../domain/ports.ts';
import { dueForPurge, needsParents, tombstoneOf } from '../../domain/retention.policy.ts';
import type { SettleDeps } from '../deps.ts';
import { doEach } from './each.ts';
import { pagesOf } from './pages.ts';

type Needs = Pick<SettleDeps, 'store' | 'blobs' | 'clock' | 'log' | 'settings'>;

/** A chunk of a log has 32 KiB, and a page is read whole. */
const PAGE = 50;

/**
 * Empties a job whose retention is over, what belongs to it first and its document last, which is its tombstone from then on;
 * and deletes that when its time is over, with whatever came late. Each document is deleted as it was read, so that any number
 * of calls at once, cut off anywhere, does what one does; and one that comes very late harms no new job of the same
 * idempotency key. A job that somebody still needs is left for another hour.
 * @param beginByMs until when further pages are begun: with the rest the next sweep goes on
 */
export async function purgeJob(
  deps: Needs,
  jobId: string,
  beginByMs = deps.clock.nowMs() + deps.settings.beginForMs,
): Promise<void> {
  const job = refs.job(jobId);
  const read = await deps.store.get(job);
  if (read === null) return;
  const due = dueForPurge(read.data, read.readAtMs);
  if (due === 'nothing') return;
  try {
    const cleared = (await isOwedAnything(deps, jobId)) ? 'needed' : await clear(deps, read.data, beginByMs);
    switch (cleared) {
      case 'needed':
        return await deps.store.commit([update(job, read, { purgeAtMs: read.readAtMs + deps.settings.purgeAgainMs })]);
      case 'time_up':
        return;
      case 'done': {
        const tombstone = tombstoneOf(read.data, deps.clock.nowMs(), deps.settings.tombstoneMs);
        await deps.store.commit(
          due === 'empty' ? [update(job, read, tombstone), remove(refs.jobPrivate(jobId))] : [remove(job, read)],
        );
        deps.log.info('job purged', { job: jobId, left: due === 'empty' ? 'tombstone' : 'nothing' });
      }
    }
  } catch (error) {
    // Somebody else is at it, and goes on.
    if (!isConflict(error)) throw error;
  }
}

/** Deletes a message that could not be understood from the record, once it has stood there for its time. */
export async function purgeRejection({ store, settings }: Needs, id: string): Promise<void> {
  const read = await store.get(refs.rejection(id));
  if (read === null || read.data.atMs > read.readAtMs - settings.rejectionMs) return;
  try {
    await store.commit([remove(refs.rejection(id), read)]);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

/** Whether an event is still to be settled, or a webhook to be sent. Events first, since closing one makes its delivery. */
async function isOwedAnything({ store }: Needs, jobId: string): Promise<boolean> {
  for await (const { items } of pagesOf((options) => store.query('eventsOfJob', { jobId }, options), PAGE)) {
    if (items.some(({ data }) => data.open)) return true;
  }
  for await (const { items } of pagesOf((options) => store.query('deliveriesOfJob', { jobId }, options), PAGE)) {
    if (items.some(({ data }) => data.state === 'pending')) return true;
  }
  return false;
}

type Cleared = 'done' | 'needed' | 'time_up';

/** Deletes all that belongs to a job: `needed` where another job still waits for it, which is seen before anything else is touched. */
async function clear(deps: Needs, { id, attempt, artifacts }: Job, beginByMs: number): Promise<Cleared> {
  const { store } = deps;
  let isBegun = false;
  // With no time at all it is one page each time, so that it comes to its end whatever a platform takes.
  const isTimeUp = (): boolean => isBegun && deps.clock.nowMs() > beginByMs;

  const deleteAll = async <C extends CollectionName>(
    collection: C,
    query: (options: { readonly limit: number }) => Promise<Page<Collections[C]>>,
    isNeeded: (items: readonly Snapshot<Collections[C]>[]) => Promise<boolean> = async () => false,
  ): Promise<Cleared> => {
    for (;;) {
      if (isTimeUp()) return 'time_up';
      // From the beginning each time: what was deleted is in no page any more.
      const { items, next } = await query({ limit: PAGE });
      if (await isNeeded(items)) return 'needed';
      if (items.length > 0) {
        await store.commit(items.map((item) => remove({ collection, path: item.path }, item)));
        isBegun = true;
      }
      if (next === null) return 'done';
    }
  };

  const parts: readonly (() => Promise<Cleared>)[] = [
    () =>
      deleteAll(
        'edges',
        (options) => store.query('children', { parent: id }, options),
        (edges) => isWaitedFor(deps, edges),
      ),
    () => deleteAll('edges', (options) => store.query('parents', { child: id }, options)),
    () => deleteAll('deliveries', (options) => store.query('deliveriesOfJob', { jobId: id }, options)),
    ...Array.from(
      { length: attempt },
      (_, i) => () => deleteAll('logs', (options) => store.query('logsOfJob', { jobId: id, attempt: i + 1 }, options)),
    ),
    async () => {
      if (isTimeUp()) return 'time_up';
      const paths = artifacts.map(({ path }) => path);
      await doEach(deps, paths, (path) => deps.blobs.remove(path));
      return 'done';
    },
    // The timeline last: with it a job that was cut off here still says how it came to its end.
    () => deleteAll('events', (options) => store.query('eventsOfJob', { jobId: id }, options)),
  ];
  for (const part of parts) {
    const cleared = await part();
    if (cleared !== 'done') return cleared;
  }
  return 'done';
}

async function isWaitedFor({ store }: Needs, edges: readonly Snapshot<Collections['edges']>[]): Promise<boolean> {
  const children = await Promise.all(edges.map(({ data }) => store.get(refs.job(data.child))));
  return children.some((child) => child !== null && needsParents(child.data));
}
