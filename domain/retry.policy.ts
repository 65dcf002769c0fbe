import type { ErrorKind, JobError } from './contract/job.ts';

/** What follows from an error: whether another attempt is made, whether this one counts towards `maxAttempts`, and whether its time is billed. */
export interface ErrorRow {
  readonly retry: boolean;
  readonly counts: boolean;
  readonly billed: boolean;
}

/**
 * One row for each kind. The user's errors stop at once, since the same input would fail the same way. Crashes, memory and
 * time-outs are tried again and count. What the platform did to us is tried again and does not count: the start deadline
 * and `maxLost` bound it.
 */
export const ERROR_TABLE: Record<ErrorKind, ErrorRow> = {
  invalid_input: { retry: false, counts: true, billed: true },
  model_error: { retry: false, counts: true, billed: true },
  output_invalid: { retry: false, counts: true, billed: true },
  crash: { retry: true, counts: true, billed: true },
  out_of_memory: { retry: true, counts: true, billed: true },
  gpu_out_of_memory: { retry: true, counts: true, billed: true },
  timeout: { retry: true, counts: true, billed: true },
  startup_failed: { retry: true, counts: true, billed: false },
  worker_lost: { retry: true, counts: false, billed: false },
  preempted: { retry: true, counts: false, billed: false },
  no_capacity: { retry: true, counts: false, billed: false },
  quota: { retry: true, counts: false, billed: false },
  dependency_failed: { retry: false, counts: false, billed: false },
  start_deadline: { retry: false, counts: false, billed: false },
};

export interface RetryView {
  readonly error: JobError;
  /** Attempts made so far, the failed one included. */
  readonly attempt: number;
  /** Failures that counted, before this one. */
  readonly failures: number;
  readonly maxAttempts: number;
  readonly maxLost: number;
  readonly startByMs: number;
  readonly nowMs: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Uniform in [0, 1). */
  readonly jitter: number;
}

export type RetryDecision =
  | { readonly kind: 'fail'; readonly failures: number; readonly why: string }
  | { readonly kind: 'queue'; readonly failures: number }
  | { readonly kind: 'backoff'; readonly failures: number; readonly untilMs: number };

/**
 * What becomes of a job after a failed attempt. The second attempt is made at once; later ones wait at least `backoffMs` and
 * at most `backoffMs × 2ⁿ` more, uniformly at random (full jitter), so that jobs that failed together do not return together.
 */
export function decideRetry(view: RetryView): RetryDecision {
  const row = ERROR_TABLE[view.error.kind];
  const failures = view.failures + (row.counts ? 1 : 0);
  if (!row.retry) return { kind: 'fail', failures, why: `${view.error.kind} is not tried again` };
  if (failures >= view.maxAttempts)
    return { kind: 'fail', failures, why: `attempt ${failures} of ${view.maxAttempts}` };
  const lost = view.attempt - failures;
  if (lost >= view.maxLost) return { kind: 'fail', failures, why: `its worker was lost ${lost} times` };
  if (view.attempt <= 1) return { kind: 'queue', failures };
  const spread = Math.min(view.maxBackoffMs, view.backoffMs * 2 ** (view.attempt - 2));
  const untilMs = Math.round(view.nowMs + view.backoffMs + view.jitter * spread);
  if (untilMs >= view.startByMs)
    return { kind: 'fail', failures, why: 'the next attempt would miss its start deadline' };
  return { kind: 'backoff', failures, untilMs };
}
