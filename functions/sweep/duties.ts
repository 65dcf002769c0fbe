import { holderIsGone } from '../../domain/holder.ts';
import { refs, slotId, type Due } from '../../domain/ports.ts';
import { isSuspect } from '../../domain/slot.policy.ts';
import type { SweepDeps } from '../deps.ts';
import { pagesOf } from '../steps/pages.ts';
import { heldCount } from './held-count.ts';

const PAGE = 200;
/** What one sweep hands on of each kind at most; the next one, a minute later, goes on from there. */
const BOUND = 2_000;

/** One kind of what is due: how it is found, and the function whose work it is. */
export interface Duty {
  readonly what: string;
  /** Ids, or for events and purges paths. */
  readonly find: () => Promise<readonly string[]>;
  readonly call: (ids: readonly string[]) => Promise<void>;
}

/**
 * Everything that a sweep looks for. None of it stands on another, so it does not matter in which order they are done, or at once.
 * @param staleMs how old an open event must be to count as forgotten; with 0 no slot counts as held by a worker that is well
 */
export function dutiesOf(deps: SweepDeps, staleMs: number): readonly Duty[] {
  const nothing = { slots: [], jobs: [], queues: [] };
  const noEvent = { events: [], purges: [] };
  const dispatch = (part: Partial<Due['dispatch']>): Promise<void> =>
    deps.calls.due('dispatch', { ...nothing, ...part });
  const onJobEvent = (part: Partial<Due['on-job-event']>): Promise<void> =>
    deps.calls.due('on-job-event', { ...noEvent, ...part });
  return [
    { what: 'slots', find: () => suspectSlots(deps, staleMs === 0), call: (slots) => dispatch({ slots }) },
    { what: 'due jobs', find: () => dueJobs(deps), call: (jobs) => dispatch({ jobs }) },
    { what: 'orphans', find: () => orphans(deps), call: (jobs) => dispatch({ jobs }) },
    { what: 'queues', find: () => waitingQueues(deps), call: (queues) => dispatch({ queues }) },
    { what: 'events', find: () => openEvents(deps, staleMs), call: (events) => onJobEvent({ events }) },
    { what: 'purges', find: () => purgesDue(deps), call: (purges) => onJobEvent({ purges }) },
    { what: 'deliveries', find: () => dueDeliveries(deps), call: (ids) => deps.calls.due('deliver-webhook', { ids }) },
  ];
}

/** The ids of what is wanted, up to the bound. The shapes asked are ordered by due time, so the first that is not due ends it. */
async function collect<T>(
  query: Parameters<typeof pagesOf<T>>[0],
  wanted: (data: T, readAtMs: number) => boolean,
  idOf: (data: T, path: string) => string,
): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of pagesOf(query, PAGE)) {
    for (const item of page.items) {
      if (!wanted(item.data, page.readAtMs) || ids.length >= BOUND) return ids;
      ids.push(idOf(item.data, item.path));
    }
  }
  return ids;
}

/** Slots that are not free and look as if nobody were there; dispatch knows which of them are to be recovered. */
async function suspectSlots(deps: SweepDeps, all: boolean): Promise<string[]> {
  const found: string[] = [];
  for (const state of ['reserved', 'starting', 'ready', 'draining', 'recovering'] as const) {
    for await (const page of pagesOf((options) => deps.store.query('slotsInState', { state }, options), PAGE)) {
      const suspects = page.items.filter((slot) => all || isSuspect(slot, deps.settings.renewEveryMs));
      found.push(...suspects.map((slot) => slotId(slot.data.queue, slot.data.index)));
    }
  }
  return found;
}

/** Blocked jobs whose time has come, and jobs whose start deadline has passed. */
async function dueJobs(deps: SweepDeps): Promise<string[]> {
  const unblock = collect(
    (options) => deps.store.query('blockedDue', { state: 'blocked' }, options),
    (job, readAtMs) => job.untilMs <= readAtMs,
    (job) => job.id,
  );
  const late = (['queued', 'blocked'] as const).map((state) =>
    collect(
      (options) => deps.store.query('startDue', { state }, options),
      (job, readAtMs) => job.startByMs <= readAtMs,
      (job) => job.id,
    ),
  );
  return [...new Set((await Promise.all([unblock, ...late])).flat())];
}

/** Held jobs whose holder is gone. A page's jobs are read first, their slots second: the other order would take live jobs. */
async function orphans(deps: SweepDeps): Promise<string[]> {
  const found: string[] = [];
  for (const state of ['running', 'canceling'] as const) {
    for await (const page of pagesOf((options) => deps.store.query('heldJobs', { state }, options), PAGE)) {
      const holders = [...new Set(page.items.flatMap((job) => job.data.holder?.slot ?? []))];
      const slots = await Promise.all(holders.map((id) => deps.store.get(refs.slot(id))));
      const bySlot = new Map(holders.map((id, i) => [id, slots[i]?.data ?? null]));
      for (const { data } of page.items) {
        if (holderIsGone(data, bySlot.get(data.holder?.slot ?? '') ?? null)) found.push(data.id);
      }
    }
  }
  return found;
}

async function openEvents(deps: SweepDeps, staleMs: number): Promise<string[]> {
  return collect(
    (options) => deps.store.query('openEvents', { open: true }, options),
    (event, readAtMs) => event.atMs <= readAtMs - staleMs,
    (_, path) => path,
  );
}

/** Queues with queued jobs and room for another worker. */
async function waitingQueues(deps: SweepDeps): Promise<string[]> {
  const waiting: string[] = [];
  for (const queue of deps.catalogue.queues.values()) {
    const queued = await deps.store.count('backlog', { state: 'queued', home: queue.name }, 1);
    if (queued > 0 && (await heldCount(deps, queue.name)) < queue.pool.max) waiting.push(queue.name);
  }
  return waiting;
}

/** Jobs, tombstones and files at the end of their time, and messages that have been on record for long enough. */
async function purgesDue(deps: SweepDeps): Promise<string[]> {
  const jobs = collect(
    (options) => deps.store.query('purgeDue', { schema: 1 }, options),
    ({ purgeAtMs = Infinity }, readAtMs) => purgeAtMs <= readAtMs,
    (_, path) => path,
  );
  const rejections = collect(
    (options) => deps.store.query('rejectionsDue', { schema: 1 }, options),
    ({ atMs }, readAtMs) => atMs <= readAtMs - deps.settings.rejectionMs,
    (_, path) => path,
  );
  const files = collect(
    (options) => deps.store.query('filesByEnd', { schema: 1 }, options),
    (file, readAtMs) => file.expiresAtMs <= readAtMs,
    (_, path) => path,
  );
  return (await Promise.all([jobs, files, rejections])).flat();
}

async function dueDeliveries(deps: SweepDeps): Promise<string[]> {
  return collect(
    (options) => deps.store.query('deliveriesDue', { state: 'pending' }, options),
    (delivery, readAtMs) => delivery.nextAtMs <= readAtMs,
    (delivery) => delivery.id,
  );
}
