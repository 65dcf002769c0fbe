import { createHash } from 'node:crypto';
import type { Queue } from '../domain/contract/model.ts';
import type { Slot } from '../domain/contract/slot.ts';
import { isConflict, PoisonEventError } from '../domain/errors.ts';
import { create, refs, slotId, update, type Due, type Snapshot } from '../domain/ports.ts';
import { backlogBound, targetWorkers } from '../domain/target.policy.ts';
import { isHeldSlot, isResting, newSlot, sameWork, UNHELD } from '../domain/slot.policy.ts';
import { decodeIds, decodeMessage, decodeSwept } from '../eventarc/decode.ts';
import { EVENT_TYPES } from '../eventarc/events.ts';
import type { DispatchDeps } from './deps.ts';
import type { ServedFunction } from './served-function.ts';
import { eventHandler } from './events/event-handler.ts';
import { coalesced } from './steps/coalesce.ts';
import { doEach } from './steps/each.ts';
import { nudge } from './steps/nudge.ts';
import { recoverSlot, requeueOrphan } from './steps/recover.ts';
import { recordSweep } from './steps/record-sweep.ts';
import { moveDueJob } from './steps/release.ts';

/** A queue of short jobs is never still; after so many tries it is decided on the later read, which is off by one job at most. */
const UNSTEADY_ROUNDS = 8;

/** `functions/dispatch`: a nudge looks at one queue; sweep's call brings ids of slots, jobs and queues that are due, or how the sweep went. */
export function dispatch(deps: DispatchDeps): ServedFunction {
  const look = coalesced(async (queue, beginBy: readonly number[]) => {
    const isDone = await dispatchQueue(deps, queue, Math.min(...beginBy));
    return { isLeft: !isDone };
  });
  const handler = eventHandler(deps, 'dispatch', async (event, beginByMs) => {
    if (event.type === EVENT_TYPES.due) {
      const swept = decodeSwept(event.data);
      const ids = decodeIds(event.data, ['slots', 'jobs', 'queues']);
      return dispatchDue(deps, { ...ids, ...(swept === undefined ? {} : { swept }) });
    }
    const { queue } = decodeMessage(event.data);
    if (typeof queue !== 'string') throw new PoisonEventError('a nudge names no queue');
    const looked = await look(queue, beginByMs);
    // By one of those that shared it, and once the next look may begin: a nudge that is slow to be published holds up nobody.
    if (!looked.isLeft) return;
    looked.isLeft = false;
    await nudge(deps, queue);
  });
  return { kind: 'cloudEvent', handler };
}

/** Slots first, so that their jobs are queued when the queues are looked at. */
export async function dispatchDue(deps: DispatchDeps, due: Due['dispatch']): Promise<void> {
  const steps = [
    () => doEach(deps, due.slots, (slot) => recoverSlot(deps, slot)),
    () => doEach(deps, due.jobs, (job) => requeueOrphan(deps, job).then(() => moveDueJob(deps, job))),
    () =>
      doEach(deps, due.queues, async (queue) => {
        if (!(await dispatchQueue(deps, queue))) await nudge(deps, queue);
      }),
    () => (due.swept === undefined ? Promise.resolve() : recordSweep(deps, due.swept)),
  ];
  const errors: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}

/**
 * Brings a queue's workers up to the policy's target: while fewer are held, reserves the lowest-numbered free slot and
 * launches one execution for it. Everything is read and decided again after each launch and each lost try, so that a storm
 * of nudges reserves no more than one would. Never waits for a worker. (The protocol's `dispatch`.)
 * @param beginByMs until when further rounds are begun
 * @returns false where time was up before it was done: the queue is to be looked at again
 */
export async function dispatchQueue(
  deps: DispatchDeps,
  queueName: string,
  beginByMs = deps.clock.nowMs() + deps.settings.beginForMs,
): Promise<boolean> {
  const queue = deps.catalogue.queues.get(queueName);
  if (queue === undefined) {
    deps.log.error('nudge for a queue that this deployment does not have', { queue: queueName });
    return true;
  }
  let unsteady = 0;
  while (deps.clock.nowMs() <= beginByMs) {
    const free = await slotToReserve(deps, queue, unsteady < UNSTEADY_ROUNDS);
    if (free === null) return true;
    if (free === 'unsteady') {
      unsteady += 1;
      continue;
    }
    const reserved = await reserve(deps, queue, free);
    if (reserved !== null && !(await launch(deps, reserved))) return true;
  }
  return false;
}

interface FreeSlot {
  readonly index: number;
  readonly read: Snapshot<Slot> | null;
}

/**
 * The slot to reserve for a further worker; null where none is wanted or none is available. Slots and backlog cannot be read
 * at one instant: a job that is claimed or given back in between would count twice, as busy and as queued, or not at all,
 * and nobody might come to look again. So where workers are held, the slots are read once more; `unsteady` means that they
 * have changed. (The first worker needs no second look: two dispatchers that want it meet at the same slot.)
 */
async function slotToReserve(
  deps: DispatchDeps,
  queue: Queue,
  steadily: boolean,
): Promise<FreeSlot | 'unsteady' | null> {
  const { max } = queue.pool;
  const before = await slotsOf(deps, queue);
  const heldBefore = before.filter((slot) => isHeldSlot(slot.data)).length;
  if (heldBefore >= max) return null;
  const bound = backlogBound(max, queue.expectedBootMs, queue.expectedRunMs);
  const queued = await deps.store.count('backlog', { state: 'queued', home: queue.name }, bound);
  if (queued === 0) return null;
  const slots = heldBefore === 0 ? before : await slotsOf(deps, queue);
  if (steadily && !sameWork(before, slots)) return 'unsteady';
  const wanted = await wantedWorkers(deps, queue, slots, queued);
  return slots.filter((slot) => isHeldSlot(slot.data)).length < wanted ? lowestFree(deps, slots, max) : null;
}

async function wantedWorkers(
  deps: DispatchDeps,
  queue: Queue,
  slots: readonly Snapshot<Slot>[],
  queued: number,
): Promise<number> {
  const held = slots.filter((slot) => isHeldSlot(slot.data));
  const view = {
    queued,
    held: held.length,
    arriving: held.filter((slot) => slot.data.state !== 'ready').length,
    busy: held.reduce((sum, slot) => sum + slot.data.jobs.length, 0),
    max: queue.pool.max,
    oldestAgeMs: 0,
    expectedBootMs: queue.expectedBootMs,
    expectedRunMs: queue.expectedRunMs,
  };
  const { workers } = targetWorkers(view);
  if (workers > held.length || view.arriving > 0) return workers;
  // Only where nobody would be started does it matter how long the oldest has waited.
  const head = await deps.store.query(
    'backlog',
    { state: 'queued', home: queue.name },
    { limit: 1, fields: ['queuedAtMs'] },
  );
  const oldestAgeMs = head.readAtMs - (head.items[0]?.data.queuedAtMs ?? head.readAtMs);
  return targetWorkers({ ...view, oldestAgeMs }).workers;
}

/** Null while the queue rests from launches that never became workers: what kept one slot's from it would keep another's. */
function lowestFree(deps: DispatchDeps, slots: readonly Snapshot<Slot>[], max: number): FreeSlot | null {
  const { aliveSinceMs } = deps.launcher;
  if (slots.some((slot) => isResting(slot, deps.settings.backoffMs, aliveSinceMs))) return null;
  const byIndex = new Map(slots.map((slot) => [slot.data.index, slot]));
  for (let index = 0; index < max; index += 1) {
    const read = byIndex.get(index) ?? null;
    if (read === null || read.data.state === 'free') return { index, read };
  }
  return null;
}

async function slotsOf(deps: DispatchDeps, queue: Queue): Promise<readonly Snapshot<Slot>[]> {
  return (await deps.store.query('slotsOfQueue', { queue: queue.name }, { limit: 1_000 })).items;
}

interface Reserved {
  readonly queue: string;
  readonly slot: string;
  readonly fence: number;
  readonly ticket: string;
}

/** Null after a lost race. */
async function reserve(deps: DispatchDeps, queue: Queue, { index, read }: FreeSlot): Promise<Reserved | null> {
  const slot = slotId(queue.name, index);
  const fence = (read?.data.fence ?? 0) + 1;
  const ticket = deps.random.hex(32);
  const patch = {
    ...UNHELD,
    state: 'reserved',
    fence,
    ticketHash: createHash('sha256').update(ticket).digest('hex'),
    reservedAtMs: deps.clock.nowMs(),
  } as const;
  try {
    await deps.store.commit([
      read === null
        ? create(refs.slot(slot), { ...newSlot(queue.name, index), ...patch })
        : update(refs.slot(slot), read, patch),
    ]);
  } catch (error) {
    if (isConflict(error)) return null;
    throw error;
  }
  return { queue: queue.name, slot, fence, ticket };
}

/** Returns whether another launch may follow at once. */
async function launch(deps: DispatchDeps, reserved: Reserved): Promise<boolean> {
  const result = await deps.launcher.launch(reserved);
  switch (result.kind) {
    case 'ambiguous':
      // An execution may be on its way: the slot stays reserved for it, and recovery frees it if none comes.
      deps.log.error('launch unclear', { slot: reserved.slot, fence: reserved.fence, message: result.message });
      return true;
    case 'started':
      await ifReserved(deps, reserved, () => ({ state: 'starting', execution: result.execution }));
      return true;
    case 'failed':
      deps.log.error('launch failed', { slot: reserved.slot, reason: result.reason, message: result.message });
      await ifReserved(deps, reserved, (slot) => ({ ...UNHELD, bootFailures: slot.bootFailures + 1 }));
      return false;
  }
}

/** Writes to a slot only while it is reserved for this very launch: otherwise its worker is ready after all, and that is fine. */
async function ifReserved(
  deps: DispatchDeps,
  { slot, fence }: Reserved,
  patch: (slot: Slot) => Partial<Slot>,
): Promise<void> {
  const read = await deps.store.get(refs.slot(slot));
  if (read?.data.state !== 'reserved' || read.data.fence !== fence) return;
  try {
    await deps.store.commit([update(refs.slot(slot), read, patch(read.data))]);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}
