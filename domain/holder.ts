import type { Holder, Job } from './contract/job.ts';
import type { Slot } from './contract/slot.ts';

/** A write to a running job is accepted iff its holder EQUALS the writer's: an order of fences would let a late one in. */
export const sameHolder = (a: Holder | null, b: Holder): boolean =>
  a !== null && a.slot === b.slot && a.fence === b.fence && a.attempt === b.attempt;

/** Whether the slot that holds a job has moved on. The job must have been read BEFORE the slot: the other order takes a live job. */
export const holderIsGone = (job: Pick<Job, 'holder'>, slot: Slot | null): boolean =>
  job.holder !== null && (slot === null || slot.state === 'free' || slot.fence > job.holder.fence);
