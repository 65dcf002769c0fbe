import type { CloudEvent } from 'cloudevents';
import { NoTopicError, PROBLEMS, RequestError, UnavailableError } from '../domain/errors.ts';
import type { AcceptedRecord } from '../domain/metrics.ts';
import { refs, remove } from '../domain/ports.ts';
import { SECOND } from '../domain/time.ts';
import { EVENT_TYPES } from '../eventarc/events.ts';
import { requesterOf } from '../eventarc/topics.ts';
import type { IntakeDeps } from './deps.ts';
import { reject, rejectionId, type Rejected } from './events/reject.ts';
import { openMessage, type Opened } from './intake/open-message.ts';
import type { ServedFunction } from './served-function.ts';
import { requestHashOf } from './submit/idempotency.ts';
import { planJob } from './submit/plan-job.ts';
import { readJobRequest } from './submit/read-request.ts';
import { isMade, submit } from './submit/submit.ts';

/** What a document and a message have room for, whatever was sent. */
const MAX_REASON = 1_000;
const MAX_ERRORS = 20;
const MAX_ERROR = 300;
/** Of its calls one after the other each has its own bound, and they add up; after 10 s the message would come a second time meanwhile. */
const ANSWER_MS = 7 * SECOND;

/**
 * `functions/intake`: a message of a tenant's own topic is a request for a job, the same as over HTTPS: one key makes one job,
 * whichever way it comes. A message that can make none is acknowledged, recorded and told of in `job-rejections`; whatever else
 * goes wrong brings it again. However old it is, it is taken: nobody but its publisher knows of it yet.
 */
export function intake(deps: IntakeDeps): ServedFunction {
  const take = async ({ id: eventId, source, type, data }: CloudEvent<unknown>): Promise<void> => {
    const said = { function: 'intake', source, eventId, type };
    const named = requesterOf(source, deps.topicPrefix);
    const rejection = rejectionId(said);
    const [earlier, known] = await Promise.all([
      deps.store.get(refs.rejection(rejection)),
      named === null ? null : deps.store.get(refs.tenant(named)),
    ]);
    // It was told that this makes no job, and may have asked for another one since.
    if (earlier !== null) return tell(deps, rejection, earlier.data);

    const opened = openMessage(deps.settings, data);
    const tenant = known?.data.id ?? null;
    try {
      if (type !== EVENT_TYPES.message) throw new RequestError('invalid_request', 'The event is no published message.');
      if (tenant === null) {
        const detail =
          'The topic is no tenant’s of this deployment: make the tenant first, or publish to its own topic.';
        throw new RequestError('not_found', detail);
      }
      await takeIn(deps, tenant, opened);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      // The framework acknowledges a RequestError, and this one may be gone in a moment.
      if (PROBLEMS[error.code].status >= 500) throw new UnavailableError(error.message, { cause: error });
      const why = whyOf(error);
      const rejected = { ...said, ...why, excerpt: opened.excerpt, tenant, idempotencyKey: opened.key };
      await reject(deps, rejected);
      if (await isTakenIn(deps, tenant, opened)) return deps.store.commit([remove(refs.rejection(rejection))]);
      await tell(deps, rejection, rejected);
    }
  };
  const handler = async (event: CloudEvent<unknown>): Promise<void> => {
    const { promise: tooLate, reject: giveUp } = Promise.withResolvers<never>();
    const callOff = deps.clock.after(ANSWER_MS, () =>
      giveUp(new UnavailableError(`not taken in within ${ANSWER_MS} ms`)),
    );
    try {
      await Promise.race([take(event), tooLate]);
    } finally {
      callOff();
    }
  };
  return { kind: 'cloudEvent', handler };
}

/** @throws RequestError for what the publisher has to mend, too_many_jobs included: it knows whether the job can wait */
async function takeIn(deps: IntakeDeps, tenant: string, { key, request: sent }: Opened): Promise<void> {
  if (sent instanceof RequestError) throw sent;
  const request = readJobRequest(deps, sent);
  const begunAtMs = deps.clock.nowMs();
  const { job, isNew } = await submit(deps, { tenant, key, requestHash: requestHashOf(sent) }, (asked) =>
    planJob(deps, { ...asked, request }),
  );
  const tookMs = deps.clock.nowMs() - begunAtMs;
  const record: AcceptedRecord = { via: 'pubsub', job: job.id, model: job.model, isNew, tookMs };
  deps.log.info('job accepted', { ...record });
}

/**
 * Whether the same message, brought twice at once, has made its job all the same. Looked at once the rejection stands: a delivery that
 * begins after that makes none.
 */
const isTakenIn = async (deps: IntakeDeps, tenant: string | null, { key, request: sent }: Opened): Promise<boolean> =>
  tenant !== null && !(sent instanceof RequestError) && isMade(deps, { tenant, key, requestHash: requestHashOf(sent) });

const whyOf = ({ code, message, errors }: RequestError): Required<Pick<Rejected, 'code' | 'reason' | 'errors'>> => ({
  code,
  reason: message.slice(0, MAX_REASON),
  errors: errors
    .slice(0, MAX_ERRORS)
    .map((error) => ({ field: error.field.slice(0, MAX_ERROR), message: error.message.slice(0, MAX_ERROR) })),
});

/** @throws whatever the bus fails with: the message then comes again, and it is told again */
async function tell(
  deps: IntakeDeps,
  rejection: string,
  { tenant = null, code = 'invalid_request', reason, idempotencyKey = null }: Rejected,
): Promise<void> {
  try {
    await deps.bus.publish('job-rejections', { rejection, tenant, code, reason, idempotencyKey });
  } catch (error) {
    if (!(error instanceof NoTopicError)) throw error;
    deps.log.error('rejection not told of: there is no topic for it', { rejection, error: error.message });
  }
}
