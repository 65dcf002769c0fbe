import type { CreateJobRequest } from '../../domain/contract/http.ts';
import type { InputSource, Job } from '../../domain/contract/job.ts';
import type { Model } from '../../domain/contract/model.ts';
import { AddressRefusedError, RequestError, type FieldError } from '../../domain/errors.ts';
import { create, refs, type Write } from '../../domain/ports.ts';
import { rankOf } from '../../domain/rank.policy.ts';
import { born } from '../../domain/state.ts';
import { NEVER_MS, SECOND } from '../../domain/time.ts';
import type { ApiDeps } from '../deps.ts';
import { summary } from '../http/parse.ts';
import { validateInput } from '../http/validate-input.ts';
import { unknownModel } from './models.ts';
import { outputRefsIn } from './output-refs.ts';

/** Jobs that one job may wait for, named or implied. */
const MAX_PARENTS = 20;
const MAX_QUEUES = 10;

/** A request for a job, with the id it will have and the hash of its body. */
export interface AskedJob {
  readonly id: string;
  readonly tenant: string;
  readonly requestHash: string;
  readonly request: CreateJobRequest;
}

/** A job that may be created, and the one commit that does it. */
export interface JobPlan {
  readonly job: Job;
  readonly writes: readonly Write[];
}

/**
 * Turns a well-formed request into a job, or says what stands against it.
 * @throws RequestError unknown_model, model_unavailable, invalid_input, webhook_refused, unknown_dependency
 */
export async function planJob(deps: ApiDeps, asked: AskedJob): Promise<JobPlan> {
  const { id, tenant, request } = asked;
  const model = modelFor(deps, request.model);
  const inputFrom = outputRefsIn(request.input);
  checkInput(deps, model, request, inputFrom);
  checkWebhook(deps, request);
  const dependsOn = await parentsOf(deps, asked, inputFrom);

  const nowMs = deps.clock.nowMs();
  const queues = [...deps.catalogue.queues.values()].filter((queue) => queue.pool.name === model.pool);
  const [home] = queues;
  if (home === undefined) throw new RequestError('unavailable', `No queue here runs ${model.name}.`);
  const waits = dependsOn.length > 0;
  const job: Job = {
    schema: 1,
    id,
    tenant,
    model: model.name,
    pool: model.pool,
    queues: queues.slice(0, MAX_QUEUES).map((queue) => queue.name),
    home: home.name,
    state: waits ? 'blocked' : 'queued',
    reason: waits ? 'dependency' : null,
    untilMs: waits ? nowMs + deps.settings.recheckMs : NEVER_MS,
    version: 1,
    attempt: 0,
    failures: 0,
    maxAttempts: request.maxAttempts ?? model.retry.maxAttempts,
    holder: null,
    priority: request.priority,
    rank: rankOf(nowMs, request.priority),
    input: request.input,
    inputFrom,
    dependsOn,
    output: null,
    error: null,
    artifacts: [],
    metrics: {},
    progress: null,
    attempts: [],
    cost: null,
    metadata: request.metadata,
    webhook: request.webhook === undefined ? null : { url: request.webhook.url, events: request.webhook.events },
    requestHash: asked.requestHash,
    runTimeoutMs: (request.runTimeoutSeconds ?? model.limits.runTimeoutSeconds) * SECOND,
    createdAtMs: nowMs,
    queuedAtMs: waits ? null : nowMs,
    startedAtMs: null,
    finishedAtMs: null,
    startByMs: nowMs + (request.startDeadlineSeconds ?? model.limits.startDeadlineSeconds) * SECOND,
  };
  const writes = [
    ...born(job),
    ...dependsOn.map((parent) => create(refs.edge(parent, id), { schema: 1, parent, child: id })),
    ...(request.webhook === undefined
      ? []
      : [create(refs.jobPrivate(id), { schema: 1, webhookSecret: request.webhook.secret })]),
  ];
  return { job, writes };
}

function modelFor({ catalogue }: ApiDeps, name: string): Model {
  const entry = catalogue.models.get(name);
  if (entry === undefined) {
    throw new RequestError('unknown_model', unknownModel(catalogue, name), [
      { field: '/model', message: 'is not a model of this deployment' },
    ]);
  }
  if (entry.missing.length > 0) {
    const needs = entry.missing.map(({ program, install }) => `${program} (${install})`).join(' and ');
    throw new RequestError('model_unavailable', `${name} cannot run here before there is ${needs}.`, [
      { field: '/model', message: `needs ${needs}` },
    ]);
  }
  return entry.model;
}

function checkInput(
  { settings }: ApiDeps,
  model: Model,
  request: CreateJobRequest,
  inputFrom: readonly InputSource[],
): void {
  const errors = validateInput(
    model,
    request.input,
    inputFrom.map((source) => source.pointer),
  );
  const longest = model.limits.runTimeoutSeconds;
  if (request.runTimeoutSeconds !== undefined && request.runTimeoutSeconds > longest) {
    errors.push({ field: '/runTimeoutSeconds', message: `must be at most ${longest} for ${model.name}` });
  }
  const bytes = Buffer.byteLength(JSON.stringify(request.input));
  if (bytes > settings.maxInputBytes) {
    errors.push({ field: '/input', message: `has ${bytes} bytes; at most ${settings.maxInputBytes} are taken` });
  }
  if (errors.length > 0) throw new RequestError('invalid_input', summary(errors), errors);
}

function checkWebhook({ http }: ApiDeps, { webhook }: CreateJobRequest): void {
  if (webhook === undefined) return;
  try {
    http.check(webhook.url);
  } catch (error) {
    if (!(error instanceof AddressRefusedError)) throw error;
    const detail = `/webhook/url: ${error.message}. Give an address that anyone on the internet can reach.`;
    throw new RequestError('webhook_refused', detail, [{ field: '/webhook/url', message: error.message }]);
  }
}

/** The jobs to wait for, each once. @throws RequestError unknown_dependency, also for another tenant's job: nobody learns that it exists */
async function parentsOf({ store }: ApiDeps, asked: AskedJob, inputFrom: readonly InputSource[]): Promise<string[]> {
  const fields = new Map<string, string>();
  for (const { job, pointer } of inputFrom) fields.set(job, `/input${pointer}/$output/job`);
  for (const [i, job] of asked.request.dependsOn.entries()) fields.set(job, `/dependsOn/${i}`);
  if (fields.size > MAX_PARENTS) {
    const message = `a job may depend on ${MAX_PARENTS} others at most, those of its input included`;
    throw new RequestError('invalid_input', `${message}.`, [{ field: '/dependsOn', message }]);
  }
  const errors = await Promise.all(
    [...fields].map(async ([parent, field]): Promise<FieldError[]> => {
      if (parent === asked.id) return [{ field, message: 'is the id of this very job' }];
      const read = await store.get(refs.job(parent));
      return read?.data.tenant === asked.tenant ? [] : [{ field, message: `there is no job ${parent}` }];
    }),
  );
  if (errors.flat().length > 0) throw new RequestError('unknown_dependency', summary(errors.flat()), errors.flat());
  return [...fields.keys()];
}
