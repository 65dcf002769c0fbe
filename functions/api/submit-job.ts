import type { Job } from '../../domain/contract/job.ts';
import { isConflict, RequestError, UnclearError } from '../../domain/errors.ts';
import { refs } from '../../domain/ports.ts';
import type { ApiDeps, Deps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import { nudge } from '../steps/nudge.ts';
import { releaseIfReady } from '../steps/release.ts';
import { idempotencyKeyOf, keyedJobId } from './idempotency.ts';
import { mayHoldOpen } from './open-answers.ts';
import type { AskedJob, JobPlan } from './plan-job.ts';
import { shownJob } from './resource.ts';
import type { Call } from './route.ts';
import { waitForEnd, waitSecondsOf } from './wait.ts';

export type JobIdentity = Pick<AskedJob, 'id' | 'tenant' | 'requestHash'>;

/**
 * Stores the job that a request asks for, once for each key, sets it going, and answers it: 201, or 200 with
 * `Idempotent-Replayed: true` where it was there before.
 * @param requestHash of all that the request says, so that the key can stand for nothing else
 * @param planOf what is to be stored under the id it is given; its RequestErrors count only where nothing has been stored yet
 * @throws RequestError
 */
export async function answerSubmission(
  deps: ApiDeps,
  call: Call,
  requestHash: string,
  planOf: (asked: JobIdentity) => Promise<JobPlan>,
): Promise<Answer> {
  const key = idempotencyKeyOf(call.headers);
  const waitSeconds = waitSecondsOf(call.headers);
  const id = key === null ? deps.random.id() : await keyedJobId(deps.secrets, call.tenant, key);

  const { job, isNew } = await submit(deps, { id, tenant: call.tenant, requestHash }, key !== null, planOf);
  // The job is stored: where no more answers may be held open, this one is not held.
  const isHeld = waitSeconds > 0 && mayHoldOpen(deps, call);
  const waited = isHeld ? await waitForEnd(deps, id, waitSeconds, call) : null;
  return {
    status: isNew ? 201 : 200,
    headers: {
      location: `/v1/jobs/${id}`,
      ...(isNew ? {} : { 'idempotent-replayed': 'true' }),
      ...(!isHeld ? {} : { 'preference-applied': `wait=${waitSeconds}` }),
    },
    body: await shownJob(deps, call, waited?.data ?? job),
  };
}

interface Submitted {
  readonly job: Job;
  readonly isNew: boolean;
}

async function submit(
  deps: ApiDeps,
  asked: JobIdentity,
  isKeyed: boolean,
  planOf: (asked: JobIdentity) => Promise<JobPlan>,
): Promise<Submitted> {
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

/** The job that already has this id, if it came of the same request. @throws RequestError idempotency_key_reused */
async function earlierJob({ store }: Pick<Deps, 'store'>, asked: JobIdentity): Promise<Job | null> {
  const read = await store.get(refs.job(asked.id));
  if (read === null) return null;
  if (read.data.tenant === asked.tenant && read.data.requestHash === asked.requestHash) return read.data;
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
async function setGoing(deps: ApiDeps, job: Job): Promise<Job> {
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
