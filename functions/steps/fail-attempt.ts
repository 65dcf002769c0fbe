import type { Job, JobError } from '../../domain/contract/job.ts';
import type { Snapshot, Write } from '../../domain/ports.ts';
import { decideRetry } from '../../domain/retry.policy.ts';
import { move } from '../../domain/state.ts';
import type { Deps } from '../deps.ts';

/** Closes the newest attempt of a held job; `lost` where its worker is gone and nothing it did counts. */
export function closeAttempt(
  job: Job,
  outcome: 'succeeded' | 'failed' | 'canceled' | 'lost',
  error: JobError | null,
  nowMs: number,
): Partial<Job> {
  const attempts = job.attempts.map((entry) =>
    entry.attempt === job.attempt ? { ...entry, endedAtMs: nowMs, outcome, error } : entry,
  );
  return { attempts };
}

/**
 * The writes that follow from a held job's failed attempt: another try now, a try later, or the end. A cancellation that
 * was asked for wins over all of them.
 * @returns the writes, and the queue to nudge after they are committed, if any
 */
export function failAttempt(
  deps: Pick<Deps, 'clock' | 'random' | 'settings'>,
  read: Snapshot<Job>,
  error: JobError,
  outcome: 'failed' | 'lost',
): { writes: Write[]; nudge: string | null } {
  const job = read.data;
  const nowMs = deps.clock.nowMs();
  const closed = closeAttempt(job, job.state === 'canceling' ? 'canceled' : outcome, error, nowMs);
  if (job.state === 'canceling') return { writes: move(read, 'canceled', nowMs, { patch: closed }), nudge: null };
  const decision = decideRetry({
    error,
    attempt: job.attempt,
    failures: job.failures,
    maxAttempts: job.maxAttempts,
    maxLost: deps.settings.maxLost,
    startByMs: job.startByMs,
    // Judged by the store's time, so made with it.
    nowMs: read.readAtMs,
    backoffMs: deps.settings.backoffMs,
    maxBackoffMs: deps.settings.maxBackoffMs,
    jitter: deps.random.unit(),
  });
  const patch = { ...closed, failures: decision.failures, progress: decision.kind === 'fail' ? job.progress : null };
  switch (decision.kind) {
    case 'fail':
      return { writes: move(read, 'failed', nowMs, { error, reason: decision.why, patch }), nudge: null };
    case 'queue':
      return { writes: move(read, 'queued', nowMs, { error, reason: error.kind, patch }), nudge: job.home };
    case 'backoff':
      return {
        writes: move(read, 'blocked', nowMs, { error, reason: 'backoff', untilMs: decision.untilMs, patch }),
        nudge: null,
      };
  }
}
