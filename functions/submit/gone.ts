import type { Job } from '../../domain/contract/job.ts';
import { RequestError } from '../../domain/errors.ts';

/** Whose job it is, or was. */
export const ownerOf = ({ tenant, tombstone }: Job): string => tombstone?.tenant ?? tenant;

/** Since when a job is gone, in words; null for one that is there. */
export function goneSince({ id, tombstone }: Job): string | null {
  if (tombstone === undefined) return null;
  const at = new Date(tombstone.purgedAtMs).toISOString();
  return `job ${id} was deleted at ${at}, since its retention was over`;
}

/** @throws RequestError gone, for a tombstone */
export function checkThere(job: Job): void {
  const gone = goneSince(job);
  if (gone === null) return;
  const detail = `${gone[0]?.toUpperCase()}${gone.slice(1)}. Submit it anew; its retentionSeconds say for how long it is kept.`;
  throw new RequestError('gone', detail);
}
