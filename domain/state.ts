import type { BlockedReason, Job, JobError, JobEvent, JobState } from './contract/job.ts';
import { IllegalMoveError } from './errors.ts';
import { create, refs, remove, update, type Snapshot, type Write } from './ports.ts';
import { retentionMsOf } from './retention.policy.ts';
import { NEVER_MS } from './time.ts';

/** What may follow what. A new state does not compile until its row is here. */
export const TRANSITIONS = {
  // To itself where one reason to wait gives way to another.
  blocked: ['queued', 'blocked', 'canceled', 'expired', 'failed'],
  queued: ['running', 'blocked', 'canceled', 'expired', 'failed'],
  running: ['succeeded', 'failed', 'canceling', 'queued', 'blocked'],
  canceling: ['canceled'],
  succeeded: [],
  failed: [],
  canceled: [],
  expired: [],
} as const satisfies Record<JobState, readonly JobState[]>;

/** The states a job is born in. */
export type FirstState = 'blocked' | 'queued';

export const isTerminal = (state: JobState): boolean => TRANSITIONS[state].length === 0;

/** Whether a worker holds a job in this state. */
export const isHeld = (state: JobState): boolean => state === 'running' || state === 'canceling';

export const canMove = (from: JobState, to: JobState): boolean =>
  (TRANSITIONS[from] as readonly JobState[]).includes(to);

/** What a move says besides its target: why, the error it carries, when it is due if it leads to `blocked`, and the fields that change with it. */
export interface MoveDetail {
  /** A BlockedReason where the move leads to `blocked`; elsewhere free words for the timeline. */
  readonly reason?: string;
  readonly error?: JobError;
  readonly untilMs?: number;
  readonly patch?: Partial<Job>;
}

/**
 * The writes that move a job: the document with `version` + 1 and, in the same commit, the event of that version; and the
 * place of its tenant, if it takes or leaves one by it, so that places and jobs never disagree.
 * This is the only place where a job's state is written.
 * @param read the job as it was read; the commit fails if it has changed since
 * @param nowMs stands in the event and in the time fields of the move; it decides nothing
 * @throws IllegalMoveError if `TRANSITIONS` has no such way, `expired` after an attempt ran included
 */
export function move(read: Snapshot<Job>, to: JobState, nowMs: number, detail: MoveDetail = {}): Write[] {
  const job = read.data;
  if (!canMove(job.state, to)) throw new IllegalMoveError(`job ${job.id}: ${job.state} -> ${to}`);
  if (to === 'expired' && job.attempt > 0)
    throw new IllegalMoveError(`job ${job.id}: expired after attempt ${job.attempt}`);
  const version = job.version + 1;
  const attempt = detail.patch?.attempt ?? job.attempt;
  const patch: Partial<Job> = {
    ...detail.patch,
    state: to,
    version,
    reason: to === 'blocked' ? (detail.reason as BlockedReason) : null,
    untilMs: to === 'blocked' ? (detail.untilMs ?? NEVER_MS) : NEVER_MS,
    ...(isHeld(to) ? {} : { holder: null, ...(hasPlace(job) ? { place: null } : {}) }),
    ...(to === 'queued' ? { queuedAtMs: nowMs } : {}),
    ...(isTerminal(to) ? { finishedAtMs: nowMs, purgeAtMs: nowMs + retentionMsOf(job) } : {}),
    ...(to === 'succeeded' ? { error: null } : detail.error === undefined ? {} : { error: detail.error }),
  };
  return [
    // First, since who lost the move to another then knows it by this event alone, on an engine that names no document.
    create(refs.event(job.id, version), eventOf(job, { seq: version, from: job.state, to, attempt, nowMs, detail })),
    update(refs.job(job.id), read, patch),
    ...placeWrites(job, to, patch),
  ];
}

const hasPlace = (job: Partial<Job>): job is Partial<Job> & { place: number } => typeof job.place === 'number';

/**
 * A place is taken by making it, which fails where another job has it: that is the cap. It is given up without a precondition
 * of its own, since the job is written as it was read: with this place.
 */
function placeWrites(job: Job, to: JobState, patch: Partial<Job>): Write[] {
  const { id, tenant } = job;
  if (to === 'running' && hasPlace(patch)) {
    return [create(refs.place(tenant, patch.place), { schema: 1, tenant, index: patch.place, job: id })];
  }
  return !isHeld(to) && hasPlace(job) ? [remove(refs.place(tenant, job.place))] : [];
}

/** The writes that bring a job into being, in `blocked` or `queued`, with event 1. */
export function born(job: Job): Write[] {
  const detail: MoveDetail = job.reason === null ? {} : { reason: job.reason };
  return [
    create(refs.job(job.id), job),
    create(
      refs.event(job.id, 1),
      eventOf(job, { seq: 1, from: null, to: job.state, attempt: 0, nowMs: job.createdAtMs, detail }),
    ),
  ];
}

function eventOf(
  job: Job,
  at: {
    readonly seq: number;
    readonly from: JobState | null;
    readonly to: JobState;
    readonly attempt: number;
    readonly nowMs: number;
    readonly detail: MoveDetail;
  },
): JobEvent {
  return {
    schema: 1,
    jobId: job.id,
    tenant: job.tenant,
    seq: at.seq,
    from: at.from,
    to: at.to,
    attempt: at.attempt,
    reason: at.detail.reason ?? null,
    error: at.detail.error ?? null,
    open: true,
    atMs: at.nowMs,
  };
}
