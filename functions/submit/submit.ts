import type { Job } from '../../domain/contract/job.ts';
import { isConflict, RequestError, UnclearError } from '../../domain/errors.ts';
import { refs } from '../../domain/ports.ts';
import type { Deps, SubmitDeps } from '../deps.ts';
import { nudge } from '../steps/nudge.ts';
import { releaseIfReady } from '../steps/release.ts';
import { checkThere, ownerOf } from './gone.ts';
import { isHashOf, keyedJobId } from './idempotency.ts';
import type { AskedJob, JobPlan } from './plan-job.ts';

/** What a request for a job is known by before it is planned. */
export type JobIdentity = Pick<AskedJob, 'id' | 'tenant' | 'requestHash'>;

/** Who asks for a job, and with what. */
export interface Submission {
  readonly tenant: string;
  /** The idempotency key; null where the request may be made only once. */
  readonly key: string | null;
  /** Of all that the request says, so that the key can stand for nothing else. */
  readonly requestHash: string;
}

export interface Submitted {
  readonly job: Job;
  readonly isNew: boolean;
}

/**
 * Stores the job that a request asks for, once for each key, and sets it going: the same however the request came.
 * @param planOf what is to be stored under the id it is given; its RequestErrors count only where nothing has been stored yet
 * @throws RequestError
 */
export async function submit(
  deps: SubmitDeps,
  { tenant, key, requestHash }: Submission,
  planOf: (asked: JobIdentity) => Promise<JobPlan>,
): Promise<Submitted> {
  const isKeyed = key !== null;
  const id = key === null ? deps.random.id() : await keyedJobId(deps.secrets, tenant, key);
  const asked = { id, tenant, requestHash };
  let plan: JobPlan;
  try {
    plan = await planOf(asked);
  } catch (error) {
    // What was accepted once stays accepted, though a model or a parent may be gone by now.
    const earlier = isKeyed && error instanceof RequestError ? await earlierJob(deps, asked) : null;
    if (earlier === null) throw error;
    return { job: await setGoing(deps, earlier), isNew: false };
  }
  try {
    await deps.store.commit(plan.writes);
  } catch (error) {
    if (!isConflict(error) && !(error instanceof UnclearError)) throw error;
    const stored = await earlierJob(deps, asked);
    if (stored === null) throw error;
    // Nobody else knows an id without a key: then it was this very commit, repeated on the way. With a key its time tells.
    const isNew = !isKeyed || (!isConflict(error) && stored.createdAtMs === plan.job.createdAtMs);
    return { job: await setGoing(deps, stored), isNew };
  }
  return { job: await setGoing(deps, plan.job), isNew: true };
}

/** Whether the job of a submission that was refused has been made all the same, by another call with the same key at the same time. */
export async function isMade(
  { store, secrets }: Pick<SubmitDeps, 'store' | 'secrets'>,
  { tenant, key, requestHash }: Submission,
): Promise<boolean> {
  if (key === null) return false;
  const job = (await store.get(refs.job(await keyedJobId(secrets, tenant, key))))?.data;
  if (job === undefined || job.tombstone !== undefined || job.tenant !== tenant) return false;
  return isHashOf(secrets, job.requestHash, requestHash);
}

/** The job that already has this id, if it came of the same request. @throws RequestError idempotency_key_reused, gone */
async function earlierJob(
  { store, secrets }: Pick<Deps, 'store' | 'secrets'>,
  asked: JobIdentity,
): Promise<Job | null> {
  const read = await store.get(refs.job(asked.id));
  if (read === null) return null;
  const isSame = await isHashOf(secrets, read.data.requestHash, asked.requestHash);
  if (ownerOf(read.data) === asked.tenant && isSame) {
    checkThere(read.data);
    return read.data;
  }
  throw new RequestError(
    'idempotency_key_reused',
    'This Idempotency-Key stands for another body. Send that body again, or use a new key.',
    [{ field: 'Idempotency-Key', message: 'was used with another body' }],
  );
}

/**
 * What follows the commit; if it fails, the job is stored all the same and sweep sets it going. A replay does it again, since
 * whoever asks twice may do so because the first call died between the two.
 */
async function setGoing(deps: SubmitDeps, job: Job): Promise<Job> {
  if (job.state === 'queued') {
    await nudge(deps, job.home);
    return job;
  }
  if (job.state !== 'blocked' || job.reason !== 'dependency') return job;
  try {
    await releaseIfReady(deps, job.id);
    return (await deps.store.get(refs.job(job.id)))?.data ?? job;
  } catch (error) {
    deps.log.error('job not released; sweep will look at it', { job: job.id, error: String(error) });
    return job;
  }
}
