import type { FinishReply, FinishRequest, Outcome, ReleaseReply, RenewReply } from '../../domain/contract/door.ts';
import type { Job, JobError } from '../../domain/contract/job.ts';
import type { Slot } from '../../domain/contract/slot.ts';
import { isWithinBounds } from '../../domain/json-bounds.ts';
import { sameHolder } from '../../domain/holder.ts';
import { create, refs, update, type Snapshot, type Write } from '../../domain/ports.ts';
import { UNHELD } from '../../domain/slot.policy.ts';
import { move } from '../../domain/state.ts';
import type { DoorDeps } from '../deps.ts';
import { decideAgain } from '../steps/again.ts';
import { closeAttempt, failAttempt } from '../steps/fail-attempt.ts';
import { nudge } from '../steps/nudge.ts';
import { fillPlacesSoon } from '../steps/places.ts';
import { artifactPath } from './report.ts';
import { holderOf, slotOf, type Session } from './session.ts';

/** A document has 20 levels on Firestore, and another job's input may take this output into its own. */
const OUTPUT_BOUNDS = { depth: 12, values: 50_000 };

/**
 * Ends an attempt. The commit moves the job and takes it off the slot together, and is accepted iff the job's holder EQUALS
 * the writer's; a repeated call whose first try went through is answered as accepted. (The protocol's `finish`.)
 * @throws RequestError session_refused
 */
export async function finish(deps: DoorDeps, session: Session, request: FinishRequest): Promise<FinishReply> {
  // Before the compare-and-set: it asks the blob store many times, and a renewal in between would have it all done again.
  const fault = await faultOf(deps, request);
  return decideAgain(async () => {
    const slot = await slotOf(deps, session);
    const read = await deps.store.get(refs.job(request.job));
    const holder = holderOf(session, request.attempt);
    if (read === null || !sameHolder(read.data.holder, holder)) {
      return { accepted: read !== null && wasFinishedBy(read.data, session, request.attempt) };
    }
    const next = ending(deps, read, request, fault);
    const log = await endOfLog(deps, request);
    await deps.store.commit([...next.writes, takeOff(session, slot, request, deps.clock.nowMs()), ...log]);
    if (next.nudge !== null) await nudge(deps, next.nudge);
    if (read.data.limited === true) await fillPlacesSoon(deps, read.data.tenant);
    return { accepted: true };
  });
}

const wasFinishedBy = (job: Job, session: Session, attempt: number): boolean =>
  job.attempts.some(
    (entry) =>
      entry.attempt === attempt &&
      entry.slot === session.slot &&
      entry.fence === session.fence &&
      entry.outcome !== null &&
      entry.outcome !== 'lost',
  );

const takeOff = (session: Session, slot: Snapshot<Slot>, { job, outcome }: FinishRequest, nowMs: number): Write =>
  update(refs.slot(session.slot), slot, {
    jobs: slot.data.jobs.filter((id) => id !== job),
    bootFailures: isStartupFailure(outcome) ? slot.data.bootFailures + (slot.data.claims === 1 ? 1 : 0) : 0,
    lastFinishAtMs: nowMs,
    renewals: slot.data.renewals + 1,
  });

/**
 * Takes the number of a chunk that may still be on its way, so that nothing is stored after the end: who has read a log to its end
 * then has read all of it. Only where a report got no answer is there such a chunk. The other way, each report with a precondition
 * on the slot, would write one document once a second for as long as a job talks, which is all that Firestore sustains.
 * What a worker that was lost had sent has come by the time its lease has run out.
 */
async function endOfLog({ store, clock }: DoorDeps, { job, attempt, logSeq }: FinishRequest): Promise<Write[]> {
  if (logSeq === undefined) return [];
  const chunk = refs.log(job, attempt, logSeq);
  if ((await store.get(chunk)) !== null) return [];
  const text = '[slipway: lines may be missing here; the last report of this attempt got no answer]';
  const lines = [{ stream: 'stderr' as const, text, atMs: clock.nowMs() }];
  return [create(chunk, { schema: 1, jobId: job, attempt, seq: logSeq, lines })];
}

/** Counted once a boot at most: one broken model of a pool must not make its healthy ones wait longer with each of its jobs. */
const isStartupFailure = (outcome: Outcome): boolean =>
  outcome.kind === 'failed' && outcome.error.kind === 'startup_failed';

function ending(
  deps: DoorDeps,
  read: Snapshot<Job>,
  { outcome }: FinishRequest,
  fault: string | null,
): { writes: Write[]; nudge: string | null } {
  const job = read.data;
  const nowMs = deps.clock.nowMs();
  const canceled = (): { writes: Write[]; nudge: null } => ({
    writes: move(read, 'canceled', nowMs, { patch: closeAttempt(job, 'canceled', null, nowMs) }),
    nudge: null,
  });
  if (job.state === 'canceling') return canceled();
  switch (outcome.kind) {
    case 'failed':
      return failAttempt(deps, read, outcome.error, 'failed');
    case 'canceled': {
      // Nobody asked for it: the worker stopped the job on its own account.
      const error: JobError = { kind: 'preempted', message: 'The worker stopped the job.' };
      return failAttempt(deps, read, error, 'failed');
    }
    case 'succeeded': {
      if (fault !== null) return failAttempt(deps, read, { kind: 'output_invalid', message: fault }, 'failed');
      const patch = {
        ...closeAttempt(job, 'succeeded', null, nowMs),
        output: outcome.output,
        ...(outcome.outputArtifact === undefined ? {} : { outputArtifact: outcome.outputArtifact }),
        artifacts: outcome.artifacts,
        metrics: { ...job.metrics, ...outcome.metrics },
        progress: { fraction: 1, message: job.progress?.message ?? null, atMs: nowMs },
      };
      return { writes: move(read, 'succeeded', nowMs, { patch }), nudge: null };
    }
  }
}

/** An output must be what a store can hold; an artifact counts only where it belongs to this attempt and was really uploaded. */
async function faultOf(deps: DoorDeps, { job, attempt, outcome }: FinishRequest): Promise<string | null> {
  if (outcome.kind !== 'succeeded') return null;
  if (!isWithinBounds(outcome.output, OUTPUT_BOUNDS)) {
    return `its output is nested deeper than ${OUTPUT_BOUNDS.depth} levels or has more than ${OUTPUT_BOUNDS.values} values`;
  }
  const { outputArtifact, output, artifacts } = outcome;
  const hasOutput =
    outputArtifact === undefined || (output === null && artifacts.some(({ name }) => name === outputArtifact));
  if (!hasOutput) return `its output is not the one artifact ${outputArtifact}`;
  const faults = await Promise.all(
    artifacts.map(async ({ name, path, sizeBytes }) => {
      if (path !== artifactPath(job, attempt, name)) return `artifact ${name} is not where this attempt may put it`;
      const stored = await deps.blobs.size(path);
      return stored === sizeBytes ? null : `artifact ${name} was not uploaded: ${stored ?? 'no'} bytes of ${sizeBytes}`;
    }),
  );
  return faults.find((fault) => fault !== null) ?? null;
}

/** Renews the lease, and tells which of the session's jobs are to be canceled. @throws RequestError session_refused */
export async function renew(deps: DoorDeps, session: Session): Promise<RenewReply> {
  return decideAgain(async () => {
    const slot = await slotOf(deps, session);
    await deps.store.commit([update(refs.slot(session.slot), slot, { renewals: slot.data.renewals + 1 })]);
    const jobs = await Promise.all(slot.data.jobs.map((id) => deps.store.get(refs.job(id))));
    const cancel = jobs.flatMap((job) => (job?.data.state === 'canceling' ? [job.data.id] : []));
    return { cancel, drain: slot.data.state === 'draining' };
  });
}

/**
 * Gives the slot back. Whatever became of that, it then looks at the queue once more and nudges: a job queued while the
 * slot was still held found no worker to start, so this look is what saves it. (The protocol's `release`.)
 * @throws RequestError session_refused
 */
export async function release(deps: DoorDeps, session: Session): Promise<ReleaseReply> {
  const queue = session.slot.slice(0, session.slot.lastIndexOf('~'));
  try {
    return await decideAgain(async () => {
      const slot = await slotOf(deps, session);
      if (slot.data.jobs.length > 0) return { released: false };
      await deps.store.commit([update(refs.slot(session.slot), slot, UNHELD)]);
      return { released: true };
    });
  } finally {
    const queued = await deps.store.count('backlog', { state: 'queued', home: queue }, 1);
    if (queued > 0) await nudge(deps, queue);
  }
}
