import type { AcceptedRecord } from '../../domain/metrics.ts';
import type { ApiDeps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import type { JobPlan } from '../submit/plan-job.ts';
import { submit, type JobIdentity } from '../submit/submit.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { mayHoldOpen } from './open-answers.ts';
import { shownJob } from './resource.ts';
import type { Call } from './route.ts';
import { waitForEnd, waitSecondsOf } from './wait.ts';

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
  const begunAtMs = deps.clock.nowMs();
  const { job, isNew } = await submit(deps, { tenant: call.tenant, key, requestHash }, planOf);
  const tookMs = deps.clock.nowMs() - begunAtMs;
  const record: AcceptedRecord = { via: 'https', job: job.id, model: job.model, isNew, tookMs };
  deps.log.info('job accepted', { ...record });
  // The job is stored: where no more answers may be held open, this one is not held.
  const isHeld = waitSeconds > 0 && mayHoldOpen(deps, call);
  const waited = isHeld ? await waitForEnd(deps, job.id, waitSeconds, call) : null;
  return {
    status: isNew ? 201 : 200,
    headers: {
      location: `/v1/jobs/${job.id}`,
      ...(isNew ? {} : { 'idempotent-replayed': 'true' }),
      ...(!isHeld ? {} : { 'preference-applied': `wait=${waitSeconds}` }),
    },
    body: await shownJob(deps, call, waited?.data ?? job),
  };
}
