import { holderIsGone } from '../domain/holder.ts';
import { refs, slotId, type Due, type Gauge } from '../domain/ports.ts';
import { isHeldSlot, isSuspect } from '../domain/slot.policy.ts';
import { SECOND } from '../domain/time.ts';
import type { SweepDeps } from './deps.ts';
import { httpHandler } from './http/answer.ts';
import type { ServedFunction } from './serve.ts';
import { pagesOf } from './steps/pages.ts';

const PAGE = 200;
/** What one sweep hands on of each kind at most; the next one, a minute later, goes on from there. */
const BOUND = 2_000;
/** Ids in one call, so that the function called is done within its time. */
const CALL = 50;

/**
 * `functions/sweep`, called by the scheduler each minute. `?stale=0` takes nothing for being on its way: right after a start
 * nothing is.
 */
export function sweep(deps: SweepDeps): ServedFunction {
  const handler = httpHandler(deps.log, async (request) => {
    const all = new URLSearchParams(request.url?.split('?')[1] ?? '').get('stale') === '0';
    await sweepOnce(deps, all ? 0 : deps.settings.staleMs);
    return { status: 204 };
  });
  return { kind: 'http', handler };
}

/**
 * Finds what is due, hands the ids to the function whose work it is, and writes the gauges. It decides nothing, and the
 * function reads everything again, so that running it twice at once does no harm. With every event lost, this alone gets
 * every job finished and settled. Each of its duties is on its own, and its time is bounded: a platform that does not answer, or
 * receivers that do not, must keep neither the other duties nor the next sweep.
 * @param staleMs how old an open event must be to count as forgotten; with 0 no slot counts as held by a worker that is well
 * @throws Error at the end, if anything failed: everything else has been done
 */
export async function sweepOnce(deps: SweepDeps, staleMs: number): Promise<void> {
  const endsAtMs = deps.clock.nowMs() + deps.settings.sweepEveryMs;
  let failures = 0;
  const nothing = { slots: [], jobs: [], queues: [] };
  const dispatch = (part: Partial<Due['dispatch']>): Promise<void> =>
    deps.calls.due('dispatch', { ...nothing, ...part });
  await Promise.all([
    handOn('slots', suspectSlots(deps, staleMs === 0), (slots) => dispatch({ slots })),
    handOn('due jobs', dueJobs(deps), (jobs) => dispatch({ jobs })),
    handOn('orphans', orphans(deps), (jobs) => dispatch({ jobs })),
    handOn('queues', waitingQueues(deps), (queues) => dispatch({ queues })),
    handOn('events', openEvents(deps, staleMs), (events) => deps.calls.due('on-job-event', { events })),
    handOn('deliveries', dueDeliveries(deps), (ids) => deps.calls.due('deliver-webhook', { ids })),
    attempt('gauges', () => writeGauges(deps)),
  ]);
  if (failures > 0) throw new Error(`sweep: ${failures} of its steps failed; the next sweep makes them again`);

  async function handOn(
    what: string,
    finding: Promise<readonly string[]>,
    call: (ids: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const ids: string[] = [];
    await attempt(what, async () => void ids.push(...(await finding)));
    for (let from = 0; from < ids.length && deps.clock.nowMs() < endsAtMs; from += CALL) {
      await attempt(what, () => call(ids.slice(from, from + CALL)));
    }
  }

  async function attempt(what: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      failures += 1;
      deps.log.error('sweep: a step failed', { what, error: String(error) });
    }
  }
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

async function heldCount(deps: SweepDeps, queue: string): Promise<number> {
  const page = await deps.store.query('slotsOfQueue', { queue }, { limit: 1_000 });
  return page.items.filter((slot) => isHeldSlot(slot.data)).length;
}

async function dueDeliveries(deps: SweepDeps): Promise<string[]> {
  return collect(
    (options) => deps.store.query('deliveriesDue', { state: 'pending' }, options),
    (delivery, readAtMs) => delivery.nextAtMs <= readAtMs,
    (delivery) => delivery.id,
  );
}

/** Of sweeps that come close together the platform takes the gauges of one; that must not look like work left undone. */
async function writeGauges(deps: SweepDeps): Promise<void> {
  const points = await gauges(deps);
  try {
    await deps.metrics.gauges(points);
  } catch (error) {
    deps.log.error('gauges not written', { error: String(error) });
  }
}

async function gauges(deps: SweepDeps): Promise<Gauge[]> {
  const open = await deps.store.count('openEvents', { open: true }, BOUND);
  const points: Gauge[] = [{ name: 'open_events', queue: null, value: open }];
  for (const { name } of deps.catalogue.queues.values()) {
    const head = await deps.store.query('backlog', { state: 'queued', home: name }, { limit: 1 });
    const oldest = head.items[0]?.data.queuedAtMs ?? head.readAtMs;
    points.push(
      {
        name: 'queued_jobs',
        queue: name,
        value: await deps.store.count('backlog', { state: 'queued', home: name }, BOUND),
      },
      { name: 'oldest_queued_seconds', queue: name, value: Math.max(0, (head.readAtMs - oldest) / SECOND) },
      { name: 'held_slots', queue: name, value: await heldCount(deps, name) },
    );
  }
  return points;
}
