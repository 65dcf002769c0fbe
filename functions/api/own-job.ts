import { JobId, type Job } from '../../domain/contract/job.ts';
import { RequestError } from '../../domain/errors.ts';
import { refs, type Snapshot } from '../../domain/ports.ts';
import type { Deps } from '../deps.ts';
import type { Call } from './route.ts';

/** The caller's own job. @throws RequestError not_found, also for another tenant's: nobody learns that it exists; gone */
export async function ownJob(deps: Pick<Deps, 'store'>, call: Pick<Call, 'params' | 'tenant'>): Promise<Snapshot<Job>> {
  const id = call.params['id'] ?? '';
  const read = JobId.safeParse(id).success ? await deps.store.get(refs.job(id)) : null;
  if (read === null || ownerOf(read.data) !== call.tenant) {
    throw new RequestError('not_found', `There is no job ${JSON.stringify(id.slice(0, 64))}.`);
  }
  checkThere(read.data);
  return read;
}

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
