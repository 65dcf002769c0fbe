import type { Model, Pool } from './contract/model.ts';
import { HOUR, MINUTE, SECOND } from './time.ts';

/** Something that must not be seen for long, and what it means where it is. Seconds, a ratio of 0 to 1, or a number of jobs. */
export interface Threshold {
  readonly name: string;
  readonly unit: 's' | 'ratio' | 'jobs';
  readonly most: number;
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
  answer_p99: { unit: 's', most: 2, meaning: 'from asking to the answer of a submission' },
  oldest_queued: {
    unit: 's',
    most: (5 * MINUTE) / SECOND,
    meaning: 'queued and not started: too few workers, or none',
  },
  told_p99: {
    unit: 's',
    most: MINUTE / SECOND,
    meaning: 'from a job’s end to its webhook: events are lost, and sweep does it',
  },
} as const satisfies Record<string, Omit<Threshold, 'name'>>;

export type ThresholdName = keyof typeof THRESHOLDS;

/** The time over which a deployment counts and reckons; longer where ends of jobs are counted, since there are few long ones. */
export const WINDOW_SECONDS = (10 * MINUTE) / SECOND;
export const JOBS_WINDOW_SECONDS = HOUR / SECOND;

/** What only a deployment can show; `count` is what comes within the window. A load test has none of them. */
interface Sign {
  readonly unit: 's' | 'ratio' | 'count' | 'now';
  readonly most: number;
  readonly meaning: string;
}

/** The rest of the list, which a load test does not see. */
export const SIGNS = {
  sweep_silent: {
    unit: 's',
    most: (5 * MINUTE) / SECOND,
    meaning: 'since sweep wrote its gauges: what is lost stays lost, and nothing that is due is done',
  },
  sweep_failures: { unit: 'count', most: 2, meaning: 'steps of sweep that failed: a duty of it is not done' },
  open_events: { unit: 'now', most: 1_000, meaning: 'events that nobody has settled: settling falls behind' },
  failed_launches: { unit: 'count', most: 2, meaning: 'launches of workers that failed or are unclear' },
  failed_workers: { unit: 'count', most: 2, meaning: 'executions of a pool that ended in failure' },
  failed_jobs: { unit: 'ratio', most: 0.5, meaning: 'of the jobs of a model that ended, those that failed' },
  run_p99: { unit: 'ratio', most: 0.9, meaning: 'of the time that a model has for a run: slower, and jobs time out' },
  function_errors: { unit: 'count', most: 10, meaning: 'lines of severity ERROR that a function wrote' },
  rejected_messages: { unit: 'count', most: 10, meaning: 'messages that could not be understood, and are on record' },
  oldest_unacked: {
    unit: 's',
    most: (5 * MINUTE) / SECOND,
    meaning: 'a message that no function has taken: what it asks for is left to sweep',
  },
  dead_letters: { unit: 'now', most: 0, meaning: 'deliveries that were given up by Pub/Sub; sweep goes on with them' },
} as const satisfies Record<string, Sign>;

/** Fewer than these say nothing about a ratio. */
export const FEW = 5;

/**
 * How old the oldest job of a pool's queues may become, in seconds: it may meet a start that comes to nothing, wait for one run
 * ahead of it, and then for as long as any; but nobody should hear of it only when half the time to start it is over.
 */
export function oldestQueuedSeconds(pool: Pool, models: readonly Model[]): number {
  const run = Math.max(...models.map(({ expected }) => expected.runSeconds));
  const deadline = Math.min(...models.map(({ limits }) => limits.startDeadlineSeconds));
  return Math.min(THRESHOLDS.oldest_queued.most + pool.startupTimeoutSeconds + run, deadline / 2);
}

/** How long the runs of a model may take, in seconds. */
export const longRunSeconds = ({ limits }: Model): number => SIGNS.run_p99.most * limits.runTimeoutSeconds;
