import { MINUTE, SECOND } from './time.ts';

/** Something that must not be seen for long, and what it means where it is. Seconds, a ratio of 0 to 1, or a number of jobs. */
export interface Threshold {
  readonly name: string;
  readonly unit: 's' | 'ratio' | 'jobs';
  readonly most: number;
  readonly meaning: string;
}

/**
 * When somebody should look: ONE list, for a load test's report and for the alerts of a deployment. Each is a promise of the design:
 * no job is lost or ends twice, and with every event lost each step is at most a minute late.
 */
export const THRESHOLDS = {
  lost_jobs: { unit: 'jobs', most: 0, meaning: 'accepted, and has no end though nothing is left to do' },
  ended_twice: { unit: 'jobs', most: 0, meaning: 'was told to have ended in more than one way' },
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
