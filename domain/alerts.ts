import type { ErrorKind, JobState } from './contract/job.ts';
import type { Model, Pool } from './contract/model.ts';
import { HOUR, MINUTE, SECOND } from './time.ts';

/** Something that must not be seen for long, and what it means where it is. Seconds, a ratio of 0 to 1, or a number of jobs. */
export interface Threshold {
  readonly name: string;
  readonly unit: 's' | 'ratio' | 'jobs';
  readonly most: number;
  /** Which part of them may be over `most`: a deployment counts those, since the quantile of few values is one of them. */
  readonly share?: number;
  readonly meaning: string;
  /** Where a deployment has no alert for it: why. */
  readonly noAlert?: string;
}

/**
 * When somebody should look: ONE list, for a load test's report and for the alerts of a deployment. Each is a promise of the design:
 * no job is lost or ends twice, and with every event lost each step is at most a minute late.
 */
export const THRESHOLDS = {
  lost_jobs: {
    unit: 'jobs',
    most: 0,
    meaning: 'accepted, and has no end though nothing is left to do',
    noAlert: 'nothing counts what did not happen; a load test knows what it has sent',
  },
  ended_twice: {
    unit: 'jobs',
    most: 0,
    meaning: 'was told to have ended in more than one way',
    noAlert: 'that takes the ids of all jobs, which are no labels of a metric; a load test keeps them',
  },
  server_errors: { unit: 'ratio', most: 0.01, meaning: 'answers of the interface that are 5xx, or none at all' },
  answer_p99: { unit: 's', most: 2, share: 0.01, meaning: 'from asking to the answer of a submission' },
  oldest_queued: {
    unit: 's',
    most: (5 * MINUTE) / SECOND,
    meaning: 'queued and not started: too few workers, or none',
  },
  told_p99: {
    unit: 's',
    most: MINUTE / SECOND,
    share: 0.01,
    meaning: 'from a job’s end to its webhook: events are lost, and sweep does it',
  },
} as const satisfies Record<string, Omit<Threshold, 'name'>>;

export type ThresholdName = keyof typeof THRESHOLDS;

/**
 * The times over which a deployment counts, in seconds: requests; log lines, whose counts Google may have ten minutes late; and
 * the ends of jobs, of which there are few where they are long.
 */
export const WINDOWS = {
  requests: (10 * MINUTE) / SECOND,
  lines: (30 * MINUTE) / SECOND,
  jobs: HOUR / SECOND,
} as const;

/** What only a deployment can show; `count` is what comes within the window. A load test has none of them. */
interface Sign {
  readonly unit: 's' | 'ratio' | 'count' | 'now';
  readonly most: number;
  readonly share?: number;
  readonly meaning: string;
}

/** The rest of the list, which a load test does not see. */
export const SIGNS = {
  sweep_silent: {
    unit: 's',
    most: (15 * MINUTE) / SECOND,
    meaning:
      'since sweep wrote its gauges: it does not run, and what is lost stays lost and what is due undone; or only its gauges cannot be written',
  },
  sweep_failures: { unit: 'count', most: 5, meaning: 'steps of sweep that failed: a duty of it is not done' },
  open_events: { unit: 'now', most: 1_000, meaning: 'events that nobody has settled: settling falls behind' },
  queue_behind: {
    unit: 'ratio',
    most: 0.5,
    meaning: 'of the time that a job has to start is over for the oldest of a queue: with the rest it expires',
  },
  failing_boots: { unit: 'now', most: 2, meaning: 'launches in a row of which none came to run a job' },
  failed_jobs: { unit: 'ratio', most: 0.5, meaning: 'of the jobs of a model that ran to their end, those that failed' },
  long_runs: {
    unit: 'ratio',
    most: 0.9,
    share: 0.1,
    meaning: 'of the time that a model has for a run: slower, and jobs time out',
  },
  function_errors: { unit: 'count', most: 20, meaning: 'errors of a function that no other alert is for' },
  rejected_messages: { unit: 'count', most: 20, meaning: 'messages that could not be understood, and are on record' },
  oldest_unacked: {
    unit: 's',
    most: (5 * MINUTE) / SECOND,
    meaning: 'a message that no function has taken: what it asks for is left to sweep',
  },
  dead_letters: { unit: 'now', most: 0, meaning: 'deliveries that were given up by Pub/Sub; sweep goes on with them' },
} as const satisfies Record<string, Sign>;

/** Fewer than these say nothing about a ratio. */
export const FEW = 5;

/** The ends of jobs that say how a model does: those that ran to their end. */
export const RAN: readonly JobState[] = ['succeeded', 'failed'];
/** What says nothing of the model, but of what it was given. */
export const USERS_MISTAKES: readonly ErrorKind[] = ['invalid_input', 'dependency_failed'];

/** When so much of a start deadline is over that the rest may not suffice, for the model of a pool that has the shortest. */
export function behindSeconds(models: readonly Model[]): number {
  return SIGNS.queue_behind.most * Math.min(...models.map(({ limits }) => limits.startDeadlineSeconds));
}

/**
 * How old the oldest job of a pool's queues may become while no worker is there, in seconds: it may meet a start that comes to
 * nothing, wait for one run ahead of it, and then for as long as any; but nobody should hear of it only when it is about to expire.
 */
export function oldestQueuedSeconds(pool: Pool, models: readonly Model[]): number {
  const run = Math.max(...models.map(({ expected }) => expected.runSeconds));
  return Math.min(THRESHOLDS.oldest_queued.most + pool.startupTimeoutSeconds + run, behindSeconds(models));
}
