import {
  percentOf,
  type Attempt,
  type BlockedReason,
  type ErrorKind,
  type Job,
  type JobError,
  type JobEvent,
  type JobState,
} from './contract/job.ts';
import { inWords } from './in-words.ts';
import { ERROR_TABLE } from './retry.policy.ts';
import { isTerminal } from './state.ts';
import { NEVER_MS, SECOND } from './time.ts';

/** A stay of the job in one state: `ms` is its length, so far where it is the present one, null for an end. */
export interface Stay {
  readonly atMs: number;
  readonly state: JobState;
  readonly reason: string | null;
  readonly ms: number | null;
}

/** A stay as the sentences look at it: the event it began with, and the one that ended it. */
interface Part {
  readonly job: Job;
  readonly event: JobEvent;
  readonly next: JobEvent | null;
  readonly ms: number;
  readonly nowMs: number;
}

const WAITS: Record<BlockedReason, (job: Job) => string> = {
  dependency: ({ dependsOn }) => (dependsOn.length > 1 ? `for ${dependsOn.length} other jobs` : 'for another job'),
  not_before: () => 'for the time before which it may not begin',
  backoff: () => 'before its next attempt',
  tenant_limit: () => "for room within its tenant's limit",
  budget: () => "for room within its tenant's budget",
  paused: () => 'for its queue, which was paused',
};

/** What an attempt did that ended like this. */
const DID: Record<ErrorKind, string> = {
  invalid_input: 'could not use its input',
  model_error: 'failed',
  output_invalid: 'gave an output that is not valid',
  crash: 'crashed',
  out_of_memory: 'ran out of memory',
  gpu_out_of_memory: 'ran out of GPU memory',
  timeout: 'ran out of time',
  startup_failed: 'could not start its model',
  worker_lost: 'lost its worker',
  preempted: 'was stopped by the platform',
  no_capacity: 'got no GPU',
  quota: 'met a quota',
  dependency_failed: 'missed what it depends on',
  start_deadline: 'came too late',
};

const DEADLINE_PASSED = 'its start deadline passed before a worker took it';
/** Of a model's message, which may be long. */
const MESSAGE_LENGTH = 200;

/**
 * How a job came to be where it is: each of its states with the time spent in it, and the same in plain sentences. Waiting for
 * others, for a worker, and running are never taken together.
 * @param job read before its events, or with them
 * @param events the job's, oldest first: all of them, or the last ones
 */
export function explain(
  job: Job,
  events: readonly JobEvent[],
  nowMs: number,
): { readonly sentences: readonly string[]; readonly timeline: readonly Stay[] } {
  const parts = events.map((event, i): Part => {
    const next = events[i + 1] ?? null;
    // The clocks of different functions may disagree a little.
    return { job, event, next, ms: Math.max(0, (next?.atMs ?? nowMs) - event.atMs), nowMs };
  });
  const isCut = (events[0]?.seq ?? 1) > 1;
  const cut = isCut ? [`Of its ${job.version} changes of state these are the last ${events.length}.`] : [];
  return {
    sentences: [...cut, ...parts.map(sentenceOf)],
    timeline: parts.map(({ event, ms }) => ({
      atMs: event.atMs,
      state: event.to,
      reason: event.reason,
      ms: isTerminal(event.to) ? null : ms,
    })),
  };
}

function sentenceOf(part: Part): string {
  const { event, next, ms, job } = part;
  const { attempt: n, to } = event;
  const attempts = n === 0 ? 'without an attempt' : `after ${n} attempt${n === 1 ? '' : 's'}`;
  const took = `${inWords(event.atMs - job.createdAtMs)} from its beginning`;
  switch (to) {
    case 'blocked':
      return waitedOf(part, WAITS[event.reason as BlockedReason]?.(job) ?? 'to be queued');
    case 'queued':
      return waitedOf(part, 'for a worker');
    case 'running':
      return next === null ? runningOf(part) : ranOf(part, next);
    case 'canceling':
      return next === null ? `Was asked to stop ${inWords(ms)} ago.` : `Its worker took ${inWords(ms)} to stop.`;
    case 'succeeded':
      return `Ended as succeeded ${attempts}, ${took}.`;
    case 'canceled':
      return `Ended as canceled ${attempts}, as was asked, ${took}.`;
    case 'expired':
      return `Ended as expired: ${DEADLINE_PASSED}.`;
    case 'failed':
      return `Ended as failed ${attempts}, ${took}${whyFailed(part)}.`;
  }
}

function waitedOf(part: Part, what: string): string {
  const { job, next, ms, nowMs } = part;
  if (next !== null) {
    const attempt = next.to === 'running' ? job.attempts.find((one) => one.attempt === next.attempt) : undefined;
    return `Waited ${inWords(ms)} ${what}${attempt === undefined ? '' : bootOf(attempt, ms)}.`;
  }
  // When a job that waits for others is looked at again says nothing about when it will go on.
  const hasTime = job.state === 'blocked' && job.reason !== 'dependency' && job.untilMs !== NEVER_MS;
  const due = hasTime ? `, due ${fromNow(job.untilMs, nowMs)}` : '';
  return `Has waited ${inWords(ms)} ${what}${due}; its start deadline is ${fromNow(job.startByMs, nowMs)}.`;
}

/** What has come due is done by a sweep, each minute. */
const fromNow = (atMs: number, nowMs: number): string =>
  atMs > nowMs ? `in ${inWords(atMs - nowMs)}` : 'now, within a minute';

/** What part of the wait the worker's start was: it may have begun before the job came, and the worker have waited afterwards. */
function bootOf({ cold, bootMs, loadMs, idleMs }: Attempt, waitMs: number): string {
  if (!cold) return ', which was warm';
  const within = (ms: number | null): number => Math.min(ms ?? 0, waitMs - idleMs);
  const [boot, load] = [within(bootMs), within(loadMs)];
  if (boot < SECOND) return '';
  const loaded = load < SECOND ? '' : `, ${inWords(load)} of that while the model loaded`;
  return `, ${inWords(boot)} of it while one started${loaded}`;
}

function runningOf({ job, event, ms }: Part): string {
  const { fraction = null, message = null } = job.progress ?? {};
  const percent = fraction === null ? null : `${percentOf(fraction)} % done`;
  const progress = [percent, message].filter((word) => word !== null).join(': ');
  const bound = `of at most ${inWords(job.runTimeoutMs)}`;
  return `Attempt ${event.attempt} has run for ${inWords(ms)} ${bound}${progress === '' ? '' : `; ${progress}`}.`;
}

function ranOf({ event: { attempt }, ms }: Part, next: JobEvent): string {
  if (next.to === 'succeeded') return `Attempt ${attempt} ran ${inWords(ms)} and succeeded.`;
  if (next.to === 'canceling') return `Attempt ${attempt} ran ${inWords(ms)} until it was asked to stop.`;
  if (next.error === null) return `Attempt ${attempt} ended after ${inWords(ms)}.`;
  const { kind, message } = next.error;
  const again = next.to === 'queued' ? 'tried again at once' : 'to be tried again later';
  const then = isTerminal(next.to) ? '' : `; ${again}${ERROR_TABLE[kind].counts ? '' : ', and does not count'}`;
  return `Attempt ${attempt} ${DID[kind]} after ${inWords(ms)}${said(message)}${then}.`;
}

/** What was said of an error, as a part of a sentence: its first line, with the last where the first only announces that. */
function said(message: string): string {
  const [first = '', ...more] = message
    .split('\n')
    .map((one) => one.trim())
    .filter(Boolean);
  const line = (first.endsWith(':') ? `${first} ${more.at(-1) ?? ''}`.trim() : first).replace(/[.:]$/, '');
  if (line === '') return '';
  return `: ${line.length > MESSAGE_LENGTH ? `${line.slice(0, MESSAGE_LENGTH)}…` : line}`;
}

function whyFailed({ job, event }: Part): string {
  const error: JobError | null = event.error;
  if (event.reason === 'start_deadline') return `: ${DEADLINE_PASSED}`;
  if (error === null) return event.reason === null ? '' : said(event.reason);
  // That of an attempt stands in the sentence before.
  if (event.from === 'blocked' || event.from === 'queued') return said(error.message);
  if (!ERROR_TABLE[error.kind].retry) return `: ${error.kind} is not tried again`;
  if (job.failures >= job.maxAttempts) return `: no more than ${job.maxAttempts} may fail`;
  return said(event.reason ?? '');
}
