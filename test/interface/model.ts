import { MINUTE } from '../../domain/time.ts';
import type { TenantName } from './world.ts';

/**
 * What the interface promises, as simply as it can be said. `waiting` is a job that some worker may take, or that waits for a
 * place of its tenant: which of the two is told apart by what may be claimed.
 */
export type ModelState =
  | 'dependency'
  | 'not_before'
  | 'backoff'
  | 'waiting'
  | 'running'
  | 'canceling'
  | 'succeeded'
  | 'failed'
  | 'canceled'
  | 'expired';

export interface ModelJob {
  readonly id: string;
  readonly tenant: TenantName;
  readonly model: string;
  readonly labels: readonly string[];
  readonly parents: readonly ModelJob[];
  readonly createdAtMs: number;
  readonly notBeforeMs: number;
  readonly startByMs: number;
  readonly isShort: boolean;
  readonly isLimited: boolean;
  readonly maxAttempts: number;
  readonly retryOf: string | null;
  readonly retentionMs: number;
  state: ModelState;
  /** Until when it waits where it failed before. */
  backoffUntilMs: number;
  attempt: number;
  failures: number;
  hasPlace: boolean;
  cascades: boolean;
  endedAtMs: number | null;
  /** Its retention is over: its tenant is told so, and nobody else that it ever was. */
  isGone: boolean;
}

export interface Model {
  nowMs: number;
  readonly jobs: ModelJob[];
  readonly limits: Map<TenantName, { running: number | null; queued: number | null }>;
  /** What each key of each tenant stands for: the request, and the job it made. */
  readonly keys: Map<string, { readonly request: string; readonly job: ModelJob }>;
  readonly inHand: (ModelJob | null)[];
}

export const newModel = (nowMs: number): Model => ({
  nowMs,
  jobs: [],
  limits: new Map(),
  keys: new Map(),
  inHand: [null, null],
});

const TERMINAL: ReadonlySet<ModelState> = new Set(['succeeded', 'failed', 'canceled', 'expired']);
export const hasEnded = ({ state }: ModelJob): boolean => TERMINAL.has(state);
export const isHeldNow = ({ state }: ModelJob): boolean => state === 'running' || state === 'canceling';
const isUnstarted = (job: ModelJob): boolean => !hasEnded(job) && !isHeldNow(job);

export const limitsOf = (model: Model, tenant: TenantName): { running: number | null; queued: number | null } =>
  model.limits.get(tenant) ?? { running: null, queued: null };

/** How many of its jobs wait, whatever for. */
export const unstartedOf = (model: Model, tenant: TenantName): number =>
  model.jobs.filter((job) => job.tenant === tenant && isUnstarted(job)).length;

export const placesOf = (model: Model, tenant: TenantName): number =>
  model.jobs.filter((job) => job.tenant === tenant && job.hasPlace).length;

/** Whether a worker that asks must be given one like this. */
export const isClaimable = (model: Model, job: ModelJob): boolean => {
  if (job.state !== 'waiting') return false;
  const { running } = limitsOf(model, job.tenant);
  return !job.isLimited || running === null || placesOf(model, job.tenant) < running;
};

/** The state that the interface shows for it; both where the model does not say. */
export function shownAs(job: ModelJob): readonly string[] {
  const { state, isLimited } = job;
  if (state === 'dependency' || state === 'not_before' || state === 'backoff') return [`blocked ${state}`];
  if (state !== 'waiting') return [state];
  return isLimited ? ['queued', 'blocked tenant_limit'] : ['queued'];
}

/** All that follows by itself from the time that it is and from what has ended. */
export function follow(model: Model): void {
  for (const job of model.jobs.filter(isUnstarted)) {
    if (job.startByMs <= model.nowMs) job.state = job.attempt === 0 ? 'expired' : 'failed';
    else if (job.state === 'not_before' && job.notBeforeMs <= model.nowMs) job.state = 'waiting';
    else if (job.state === 'backoff' && job.backoffUntilMs <= model.nowMs) job.state = 'waiting';
  }
  // Parents are older than their dependants, so one pass comes to an end.
  for (const job of model.jobs) if (job.state === 'dependency') release(model, job);
  for (const job of model.jobs.filter(hasEnded)) {
    job.endedAtMs ??= model.nowMs;
    job.isGone ||= job.endedAtMs + job.retentionMs <= model.nowMs;
  }
}

function release(model: Model, job: ModelJob): void {
  const ended = job.parents.find((parent) => hasEnded(parent) && parent.state !== 'succeeded');
  if (ended?.state === 'canceled' && ended.cascades) {
    job.state = 'canceled';
    job.cascades = true;
  } else if (ended !== undefined) job.state = 'failed';
  else if (job.parents.every(({ state }) => state === 'succeeded')) {
    job.state = job.notBeforeMs > model.nowMs ? 'not_before' : 'waiting';
  }
}

export function cancel(job: ModelJob, dependants: 'fail' | 'cancel'): void {
  if (hasEnded(job)) return;
  if (dependants === 'cancel') job.cascades = true;
  job.state = isHeldNow(job) ? 'canceling' : 'canceled';
}

export function start(model: Model, job: ModelJob): void {
  job.state = 'running';
  job.attempt += 1;
  job.hasPlace = job.isLimited && limitsOf(model, job.tenant).running !== null;
}

/** `crash` is tried again: at once, then a minute later at the least. */
export function finish(model: Model, job: ModelJob, how: 'succeeded' | 'model_error' | 'crash'): void {
  job.hasPlace = false;
  if (job.state === 'canceling') job.state = 'canceled';
  else if (how === 'succeeded') job.state = 'succeeded';
  else {
    job.failures += 1;
    if (how === 'model_error' || job.failures >= job.maxAttempts) job.state = 'failed';
    else if (job.attempt <= 1) job.state = 'waiting';
    else {
      job.state = 'backoff';
      job.backoffUntilMs = model.nowMs + MINUTE;
    }
  }
}
