import { JobId, type Job } from '../../domain/contract/job.ts';
import { RequestError } from '../../domain/errors.ts';
import { refs, type Snapshot } from '../../domain/ports.ts';
import type { Deps } from '../deps.ts';
import { checkThere, ownerOf } from '../submit/gone.ts';
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
