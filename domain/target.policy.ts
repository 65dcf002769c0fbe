/** What the target is decided from. Times are expectations, in milliseconds. */
export interface QueueView {
  /** Jobs any worker of this queue may take now; counted no further than needed. */
  readonly queued: number;
  /** Slots that are reserved, starting or ready: workers there, or on their way. */
  readonly held: number;
  /** Those of them that are not ready yet. */
  readonly arriving: number;
  /** Jobs that those workers are running. */
  readonly busy: number;
  /** How long the oldest queued job has been queued. */
  readonly oldestAgeMs: number;
  readonly max: number;
  readonly expectedBootMs: number;
  readonly expectedRunMs: number;
}

export interface Target {
  readonly workers: number;
  readonly reason:
    'no_work' | 'first_worker' | 'queue_outlasts_boot' | 'head_outwaited_boot' | 'queue_drains_before_boot' | 'at_max';
}

/**
 * How many workers a queue should have: a total, never a number to add, so that any number of nudges asks for the same.
 *
 * A further worker is worth its boot only if the queue would outlast it: with `k` workers, the jobs ahead of the last one
 * take `(queued + busy) × run ÷ k`, and one more helps only if that is longer than a boot. The first worker is always
 * worth it: a rule that waited for a second job would need a clock to wake it, and there is none.
 * Where a job has waited longer than a boot all the same (the expectation was wrong), one more is asked for, unless one is
 * on its way already: so this stays a total, too.
 * Busy workers count as capacity that is coming back and their jobs as work still ahead, so that neither hides the other.
 */
export function targetWorkers(view: QueueView): Target {
  const { queued, held, busy, max } = view;
  if (queued === 0) return { workers: held, reason: 'no_work' };
  if (held === 0) return { workers: Math.min(1, max), reason: 'first_worker' };
  if (held >= max) return { workers: held, reason: 'at_max' };
  const work = queued + busy;
  const outlasting = Math.ceil((work * view.expectedRunMs) / Math.max(1, view.expectedBootMs));
  const wanted = Math.min(max, work, Math.max(1, outlasting));
  if (wanted > held) return { workers: wanted, reason: 'queue_outlasts_boot' };
  if (view.arriving === 0 && view.oldestAgeMs > view.expectedBootMs) {
    return { workers: held + 1, reason: 'head_outwaited_boot' };
  }
  return { workers: held, reason: 'queue_drains_before_boot' };
}

/** Beyond this many queued jobs the target is `max` whatever their number, so counting further is waste. */
export function backlogBound(max: number, expectedBootMs: number, expectedRunMs: number): number {
  return Math.max(max, Math.ceil((max * expectedBootMs) / Math.max(1, expectedRunMs))) + 1;
}
