import type { CreateJobRequest } from '../../domain/contract/http.ts';
import type { InputSource, Job } from '../../domain/contract/job.ts';
import type { Model } from '../../domain/contract/model.ts';
import { RequestError } from '../../domain/errors.ts';
import { create, refs, type Write } from '../../domain/ports.ts';
import { rankOf } from '../../domain/rank.policy.ts';
import { born } from '../../domain/state.ts';
import { secretPlaces, takeSecrets, type SecretInputs } from '../../domain/secret-inputs.ts';
import { NEVER_MS, SECOND } from '../../domain/time.ts';
import type { SubmitDeps } from '../deps.ts';
import { fileFaults } from './file-faults.ts';
import { sealedHash } from './idempotency.ts';
import {
  inputFaults,
  modelFor,
  parentFaults,
  parentFields,
  refusal,
  timeFaults,
  webhookFaults,
  type Fault,
} from './job-faults.ts';
import { standingOf } from './limits.ts';
import { outputRefsIn, refsTo, type OutputRefs } from './output-refs.ts';

const MAX_QUEUES = 10;

/** A request for a job, with the id it will have and the hash of its body. */
export interface AskedJob {
  readonly id: string;
  readonly tenant: string;
  readonly requestHash: string;
  readonly request: CreateJobRequest;
  /** Where the request is made of a job that has ended: that job, which of its values are still to come, which were secret, and when it ended. */
  readonly retry?: {
    readonly of: string;
    readonly inputFrom: readonly InputSource[];
    readonly secretInputs: readonly string[];
    readonly endedAtMs: number;
  };
}

/** A job that may be created, and the one commit that does it. */
export interface JobPlan {
  readonly job: Job;
  readonly writes: readonly Write[];
}

/**
 * Turns a well-formed request into a job, or says all that stands against it.
 * @throws RequestError unknown_model, model_unavailable, invalid_input, webhook_refused, unknown_dependency: whichever is found
 *   first, with the fields of all; too_many_jobs
 */
export async function planJob(deps: SubmitDeps, asked: AskedJob): Promise<JobPlan> {
  const { id, tenant, request, retry } = asked;
  const refsOf = retry === undefined ? outputRefsIn(request.input) : refsTo(retry.inputFrom);
  const { model, faults: modelFaults } = modelFor(deps, request.model);
  const parents = parentFields(request, refsOf.sources);
  const faults = [
    ...modelFaults,
    ...(model === null ? [] : await jobInputFaults(deps, asked, model, refsOf)),
    ...timeFaults(deps, request),
    ...webhookFaults(deps, request),
    ...(await parentFaults(deps, asked, parents)),
  ];
  if (model === null || faults.length > 0) throw refusal(faults);
  const { isLimited, isFull, hasEventsTopic } = await standingOf(deps, tenant);

  const nowMs = deps.clock.nowMs();
  const queues = [...deps.catalogue.queues.values()].filter((queue) => queue.pool.name === model.pool);
  const [home] = queues;
  if (home === undefined) throw new RequestError('unavailable', `No queue here runs ${model.name}.`);
  // What was secret once stays so, though the model may have changed since.
  const places = new Set([...secretPlaces(model.input), ...(retry?.secretInputs ?? [])]);
  const { input, secrets } = takeSecrets(request.input, [...places]);
  const secretInputs = Object.keys(secrets);
  const dependsOn = [...parents.keys()];
  const { notBeforeMs, fromMs, startByMs, runTimeoutMs } = timesOf(request, model, nowMs);
  const wait = firstWait(deps, { nowMs, notBeforeMs, waitsForJobs: dependsOn.length > 0, isFull });
  const job: Job = {
    schema: 1,
    id,
    tenant,
    model: model.name,
    pool: model.pool,
    queues: queues.slice(0, MAX_QUEUES).map((queue) => queue.name),
    home: home.name,
    region: home.region,
    state: wait === null ? 'queued' : 'blocked',
    reason: wait?.reason ?? null,
    untilMs: wait?.untilMs ?? NEVER_MS,
    version: 1,
    attempt: 0,
    failures: 0,
    maxAttempts: request.maxAttempts ?? model.retry.maxAttempts,
    holder: null,
    priority: request.priority,
    rank: rankOf(fromMs, request.priority),
    input,
    inputFrom: [...refsOf.sources],
    dependsOn,
    output: null,
    error: null,
    artifacts: [],
    metrics: {},
    progress: null,
    attempts: [],
    cost: null,
    metadata: request.metadata,
    labels: [...new Set(request.labels)],
    webhook: request.webhook === undefined ? null : { url: request.webhook.url, events: request.webhook.events },
    requestHash: secretInputs.length === 0 ? asked.requestHash : await sealedHash(deps.secrets, asked.requestHash),
    retentionMs: request.retentionSeconds === undefined ? deps.settings.retentionMs : request.retentionSeconds * SECOND,
    runTimeoutMs,
    createdAtMs: nowMs,
    queuedAtMs: wait === null ? nowMs : null,
    startedAtMs: null,
    finishedAtMs: null,
    startByMs,
    ...(retry === undefined ? {} : { retryOf: retry.of }),
    ...(request.notBefore === undefined ? {} : { notBeforeMs }),
    ...(isLimited ? { limited: true as const } : {}),
    ...(hasEventsTopic ? { eventsTopic: true as const } : {}),
    ...(secretInputs.length === 0 ? {} : { secretInputs }),
  };
  const writes = [
    ...born(job),
    ...dependsOn.map((parent) => create(refs.edge(parent, id), { schema: 1, parent, child: id })),
    ...privateWrites(id, request.webhook?.secret ?? null, secrets),
  ];
  return { job, writes };
}

/** Nothing where there is nothing to hide. */
function privateWrites(id: string, webhookSecret: string | null, secrets: SecretInputs): Write[] {
  const hasSecrets = Object.keys(secrets).length > 0;
  if (webhookSecret === null && !hasSecrets) return [];
  const inputSecrets = hasSecrets ? { inputSecrets: { ...secrets } } : {};
  return [create(refs.jobPrivate(id), { schema: 1, webhookSecret, ...inputSecrets })];
}

/** What of the input does not fit its model, and what stands against the files it names. */
async function jobInputFaults(
  deps: SubmitDeps,
  { tenant, request, retry }: AskedJob,
  model: Model,
  refsOf: OutputRefs,
): Promise<Fault[]> {
  const { startByMs, runTimeoutMs } = timesOf(request, model, deps.clock.nowMs());
  const known = retry === undefined ? {} : { knownByMs: retry.endedAtMs };
  const use = { tenant, input: request.input, untilMs: startByMs + runTimeoutMs, ...known };
  return [...inputFaults(deps, model, request, refsOf), ...(await fileFaults(deps, model, use))];
}

function timesOf(
  { notBefore, startDeadlineSeconds, runTimeoutSeconds }: CreateJobRequest,
  { limits }: Model,
  nowMs: number,
): Record<'notBeforeMs' | 'fromMs' | 'startByMs' | 'runTimeoutMs', number> {
  const notBeforeMs = notBefore === undefined ? nowMs : Date.parse(notBefore);
  // Whoever asks long before it may begin gets no better place and no shorter deadline by that.
  const fromMs = Math.max(nowMs, notBeforeMs);
  return {
    notBeforeMs,
    fromMs,
    startByMs: fromMs + (startDeadlineSeconds ?? limits.startDeadlineSeconds) * SECOND,
    runTimeoutMs: (runTimeoutSeconds ?? limits.runTimeoutSeconds) * SECOND,
  };
}

/** What a job waits for when it is born: other jobs first, then a time, then a place of its tenant. Null where for nothing. */
function firstWait(
  { settings }: Pick<SubmitDeps, 'settings'>,
  at: {
    readonly nowMs: number;
    readonly notBeforeMs: number;
    readonly waitsForJobs: boolean;
    readonly isFull: boolean;
  },
): { readonly reason: 'dependency' | 'not_before' | 'tenant_limit'; readonly untilMs: number } | null {
  if (at.waitsForJobs) return { reason: 'dependency', untilMs: at.nowMs + settings.recheckMs };
  if (at.notBeforeMs > at.nowMs) return { reason: 'not_before', untilMs: at.notBeforeMs };
  return at.isFull ? { reason: 'tenant_limit', untilMs: NEVER_MS } : null;
}
