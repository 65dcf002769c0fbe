import { RetryJobRequest, type CreateJobRequest } from '../../domain/contract/http.ts';
import type { Job, JobPrivate } from '../../domain/contract/job.ts';
import { RequestError } from '../../domain/errors.ts';
import { refs } from '../../domain/ports.ts';
import { retentionMsOf } from '../../domain/retention.policy.ts';
import { putSecrets } from '../../domain/secret-inputs.ts';
import { isTerminal } from '../../domain/state.ts';
import { SECOND } from '../../domain/time.ts';
import type { ApiDeps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import { requestHashOf } from '../submit/idempotency.ts';
import { optionalBody } from './jobs.ts';
import { ownJob } from './own-job.ts';
import { unfilled } from '../submit/output-refs.ts';
import { planJob, type JobPlan } from '../submit/plan-job.ts';
import type { JobIdentity } from '../submit/submit.ts';
import type { Call } from './route.ts';
import { answerSubmission } from './submit-job.ts';
import { startDeadlineSeconds } from './times.ts';

type JobInput = CreateJobRequest['input'];

/**
 * `POST /v1/jobs/{id}/retry`: a new job that does an ended one again, with the same input and webhook; answered as a
 * submission is, `Idempotency-Key` and `Prefer: wait` included.
 * @throws RequestError not_found, gone, job_not_ended, or as a submission
 */
export async function retryJob(deps: ApiDeps, call: Call): Promise<Answer> {
  const changes: RetryJobRequest = optionalBody(RetryJobRequest, call);
  const id = call.params['id'] ?? '';
  // No body of a submission looks like this, so a key cannot stand for both.
  const requestHash = requestHashOf({ retryOf: id, changes });
  return answerSubmission(deps, call, requestHash, (asked) => planRetry(deps, call, asked, changes));
}

async function planRetry(deps: ApiDeps, call: Call, asked: JobIdentity, changes: RetryJobRequest): Promise<JobPlan> {
  const { data: job } = await ownJob(deps, call);
  if (!isTerminal(job.state)) {
    const detail = `Job ${job.id} is ${job.state}. It can be retried once it has ended; cancel it first if it shall not go on.`;
    throw new RequestError('job_not_ended', detail);
  }
  // What was queued once has its values in its input and need wait for nobody. What was not waits for the same jobs again.
  const isReleased = job.queuedAtMs !== null;
  const kept = await privateOf(deps, call, job);
  return planJob(deps, {
    ...asked,
    request: {
      model: job.model,
      input: inputOf(job, kept),
      dependsOn: isReleased ? [] : job.dependsOn,
      priority: changes.priority ?? job.priority,
      metadata: job.metadata,
      labels: changes.labels ?? job.labels ?? [],
      startDeadlineSeconds: changes.startDeadlineSeconds ?? startDeadlineSeconds(job),
      runTimeoutSeconds: changes.runTimeoutSeconds ?? job.runTimeoutMs / SECOND,
      maxAttempts: changes.maxAttempts ?? job.maxAttempts,
      retentionSeconds: changes.retentionSeconds ?? retentionMsOf(job) / SECOND,
      ...(job.webhook === null ? {} : { webhook: webhookOf(job.id, job.webhook, kept) }),
    },
    retry: {
      of: job.id,
      inputFrom: isReleased ? [] : unfilled(job),
      secretInputs: job.secretInputs ?? [],
      endedAtMs: job.finishedAtMs ?? job.createdAtMs,
    },
  });
}

/**
 * What of a job no reader sees. It never changes, so that the new job's own copy can be written with the job.
 * @throws RequestError gone, where the job was purged after it was read
 */
async function privateOf(deps: ApiDeps, call: Call, job: Job): Promise<Partial<JobPrivate>> {
  if (job.webhook === null && job.secretInputs === undefined) return {};
  const read = await deps.store.get(refs.jobPrivate(job.id));
  if (read === null) await ownJob(deps, call);
  return read?.data ?? {};
}

/** With its secrets. @throws RequestError invalid_input where they are kept no longer */
function inputOf({ id, input, secretInputs = [] }: Job, { inputSecrets = {} }: Partial<JobPrivate>): JobInput {
  const gone = secretInputs.filter((place) => inputSecrets[place] === undefined);
  if (gone.length === 0) return putSecrets(input, inputSecrets) as JobInput;
  throw new RequestError(
    'invalid_input',
    `The secrets of job ${id}'s input are kept no longer. Submit the job anew, with them.`,
    gone.map((place) => ({ field: `/input${place}`, message: 'is secret, and kept no longer' })),
  );
}

/** With its secret. @throws RequestError webhook_refused */
function webhookOf(
  id: string,
  webhook: NonNullable<Job['webhook']>,
  { webhookSecret = null }: Partial<JobPrivate>,
): NonNullable<CreateJobRequest['webhook']> {
  if (webhookSecret !== null) return { ...webhook, secret: webhookSecret };
  throw new RequestError(
    'webhook_refused',
    `The secret of job ${id}'s webhook is gone. Submit the job anew, with one.`,
  );
}
