import type { Priority } from './contract/job.ts';
import { HOUR, MINUTE } from './time.ts';

/** A priority is a head start in the queue, not a class of its own: whoever waits long enough is served, whatever comes after. */
const HEAD_START_MS: Record<Priority, number> = {
  low: -30 * MINUTE,
  normal: 0,
  high: 30 * MINUTE,
  critical: 6 * HOUR,
};

/**
 * The place of a job in its queues; the lowest is claimed first.
 * @param enqueuedAtMs when the job was first asked for; a retry keeps it, so that it is not put behind its juniors
 */
export function rankOf(enqueuedAtMs: number, priority: Priority): number {
  return enqueuedAtMs - HEAD_START_MS[priority];
}
