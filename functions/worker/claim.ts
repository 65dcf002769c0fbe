import type { ClaimedJob, ClaimReply, ClaimRequest } from '../../domain/contract/door.ts';
import type { Attempt, Job } from '../../domain/contract/job.ts';
import type { Slot } from '../../domain/contract/slot.ts';
import { isConflict } from '../../domain/errors.ts';
import { sameHolder } from '../../domain/holder.ts';
import { refs, update, type Snapshot } from '../../domain/ports.ts';
import { move } from '../../domain/state.ts';
import type { DoorDeps } from '../deps.ts';
import { park, placeFor } from '../steps/places.ts';
import { moveDueJob } from '../steps/release.ts';
import { inputFilesOf } from './input-files.ts';
import { headOf, MOST, SPARE, type QueueHead } from './queue-head.ts';
import { holderOf, slotOf, type Session } from './session.ts';

/** Attempts kept on a job; `maxAttempts` and `maxLost` keep the number below it. */
const ATTEMPTS_KEPT = 20;
/** How often a claim tries another place after one that was taken meanwhile. */
const PLACE_TRIES = 4;
/** A claim that loses this many rounds in a row reports "nothing now": the caller holds, or releases and looks again. */
const ROUNDS = 8;

/**
 * Gives a worker its next job: at once if there is one, else as soon as one is queued, up to `holdMs`. The watch is set
 * only on a queue that was seen empty, since it costs a read for each match, and the queue is looked at again once it
 * stands, so nothing that is queued in between is missed.
 * @param gone aborted when the worker has hung up: a claim must not be made for nobody
 * @throws RequestError session_refused
 */
export async function claim(
  deps: DoorDeps,
  session: Session,
  request: ClaimRequest,
  gone: AbortSignal,
): Promise<ClaimReply> {
  const holdMs = Math.min(request.holdMs, deps.settings.holdMs);
  const first = gone.aborted ? NOTHING : await claimNow(deps, session, request.loadMs);
  if (first.job !== null || first.drain || gone.aborted || holdMs === 0) return first;

  const { queue } = (await slotOf(deps, session)).data;
  let wake = (): void => undefined;
  let changed = false;
  let over = false;
  const onChange = (): void => {
    changed = true;
    wake();
  };
  const onEnd = (): void => {
    over = true;
    wake();
  };
  const where = { state: 'queued', queues: queue } as const;
  const stopWatching = deps.store.watch({ shape: 'claimable', where, limit: 1 }, onChange);
  const callOff = deps.clock.after(holdMs, onEnd);
  gone.addEventListener('abort', onEnd);
  try {
    for (;;) {
      changed = false;
      if (gone.aborted) return NOTHING;
      const reply = await claimNow(deps, session, request.loadMs);
      if (reply.job !== null || reply.drain || over) return reply;
      await new Promise<void>((resolve) => {
        wake = resolve;
        // What came while claimNow was reading has woken nobody.
        if (changed || over) resolve();
      });
    }
  } finally {
    stopWatching();
    callOff();
    gone.removeEventListener('abort', onEnd);
  }
}

const NOTHING: ClaimReply = { job: null, drain: false };

/**
 * One look at the queue. A job whose tenant has all its places taken is taken out of the queue on the way, with all of that tenant
 * that come behind it. The commit moves the job and writes the slot together: a worker whose slot was handed on claims
 * nothing, and slot and jobs never disagree. (The protocol's `claim`.)
 */
export async function claimNow(deps: DoorDeps, session: Session, loadMs: number): Promise<ClaimReply> {
  let spare = SPARE;
  for (let round = 0; round < ROUNDS; round += 1) {
    const slot = await slotOf(deps, session);
    const held = slot.data.jobs[0];
    if (held !== undefined) return { job: await heldJob(deps, session, held), drain: false };
    const max = deps.catalogue.queues.get(slot.data.queue)?.pool.max ?? 0;
    if (slot.data.state === 'draining' || slot.data.index >= max) return { job: null, drain: true };

    const head = await headOf(deps.store, slot.data.queue, spare);
    if (head.isEmpty) return NOTHING;
    const { job, parked } = await firstOf(deps, session, slot, head, loadMs);
    if (job !== null) return { job, drain: false };
    if (parked > 0) spare = MOST;
  }
  return NOTHING;
}

/** The first candidate of a queue's head that could be claimed, and how many were taken out of the queue on the way to it. */
async function firstOf(
  deps: DoorDeps,
  session: Session,
  slot: Snapshot<Slot>,
  head: QueueHead,
  loadMs: number,
): Promise<{ readonly job: ClaimedJob | null; readonly parked: number }> {
  const full = new Set<string>();
  const parks: Promise<void>[] = [];
  try {
    for (let candidate = head.take(); candidate !== null; candidate = head.take()) {
      // One that comes too late would hide those behind it until sweep has ended it.
      if (candidate.data.startByMs <= head.readAtMs) {
        await moveDueJob(deps, candidate.data.id);
        continue;
      }
      const { tenant, limited } = candidate.data;
      const isFull = limited === true && full.has(tenant);
      const outcome = isFull ? 'full' : await tryClaim(deps, session, slot, candidate, loadMs);
      if (outcome === 'slot_changed') break;
      if (outcome === 'full') {
        full.add(tenant);
        parks.push(park(deps, candidate));
      } else if (outcome !== 'job_taken') return { job: outcome, parked: parks.length };
    }
  } finally {
    await Promise.all(parks);
  }
  return { job: null, parked: parks.length };
}

/** A worker runs one job at a time, so one that asks although its slot lists a job has missed the answer that gave it. */
async function heldJob(deps: DoorDeps, session: Session, jobId: string): Promise<ClaimedJob | null> {
  const read = await deps.store.get(refs.job(jobId));
  if (read === null || !sameHolder(read.data.holder, holderOf(session, read.data.attempt))) return null;
  return claimed(deps, read.data, read.data.attempt);
}

async function tryClaim(
  deps: DoorDeps,
  session: Session,
  slot: Snapshot<Slot>,
  candidate: Snapshot<Job>,
  loadMs: number,
): Promise<ClaimedJob | 'full' | 'job_taken' | 'slot_changed'> {
  for (let left = PLACE_TRIES; left > 0; left -= 1) {
    const place = await placeFor(deps, candidate.data);
    if (place === 'full') return 'full';
    const outcome = await commitClaim(deps, session, slot, candidate, { loadMs, place });
    if (outcome !== 'place_taken') return outcome;
  }
  return 'job_taken';
}

/** @param how.place the place of its tenant that the job takes; null where it needs none */
async function commitClaim(
  deps: DoorDeps,
  session: Session,
  slot: Snapshot<Slot>,
  candidate: Snapshot<Job>,
  how: { readonly loadMs: number; readonly place: number | null },
): Promise<ClaimedJob | 'job_taken' | 'slot_changed' | 'place_taken'> {
  const { loadMs, place } = how;
  const job = candidate.data;
  const nowMs = deps.clock.nowMs();
  const attempt = job.attempt + 1;
  const entry = newAttempt(slot.data, session, attempt, loadMs, nowMs);
  const slotPatch = { jobs: [job.id], claims: slot.data.claims + 1, loadMs };
  try {
    await deps.store.commit([
      ...move(candidate, 'running', nowMs, {
        patch: {
          attempt,
          holder: holderOf(session, attempt),
          startedAtMs: nowMs,
          progress: null,
          attempts: [...job.attempts, entry].slice(-ATTEMPTS_KEPT),
          ...(place === null ? {} : { place }),
        },
      }),
      update(refs.slot(session.slot), slot, slotPatch),
    ]);
  } catch (error) {
    if (!isConflict(error)) throw error;
    if (error.path === slot.path) return 'slot_changed';
    return place !== null && error.path === refs.place(job.tenant, place).path ? 'place_taken' : 'job_taken';
  }
  return claimed(deps, job, attempt);
}

function newAttempt(slot: Slot, session: Session, attempt: number, loadMs: number, nowMs: number): Attempt {
  const cold = slot.claims === 0;
  const bootMs = (slot.readyAtMs ?? nowMs) - (slot.reservedAtMs ?? nowMs) + loadMs;
  const freeSinceMs = slot.lastFinishAtMs ?? (slot.readyAtMs ?? nowMs) + loadMs;
  return {
    attempt,
    slot: session.slot,
    fence: session.fence,
    execution: slot.execution ?? '',
    cold,
    bootMs: cold ? bootMs : null,
    loadMs: cold ? loadMs : null,
    idleMs: Math.max(0, nowMs - freeSinceMs),
    startedAtMs: nowMs,
    endedAtMs: null,
    outcome: null,
    error: null,
  };
}

/** After the commit: where an address cannot be signed just now, the worker asks again and is given the job it holds. */
async function claimed(deps: DoorDeps, job: Job, attempt: number): Promise<ClaimedJob> {
  const files = await inputFilesOf(deps, job);
  return {
    id: job.id,
    attempt,
    model: job.model,
    input: job.input,
    runTimeoutMs: job.runTimeoutMs,
    ...(files.length === 0 ? {} : { files }),
  };
}
