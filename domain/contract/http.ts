import { z } from 'zod';
import {
  BlockedReason,
  Cost,
  InputSource,
  JobError,
  JobId,
  JobState,
  Label,
  Priority,
  WebhookEventType,
} from './job.ts';
import { MAX_RETENTION_MS, MIN_RETENTION_MS } from '../retention.policy.ts';
import { SECOND } from '../time.ts';

/** Of the sender's choice, one for each job: what makes a request safe to repeat, over HTTPS and Pub/Sub alike. */
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters, without spaces');

/** The public HTTPS interface `/v1`: requests are strict, answers may grow. Times are RFC 3339 in UTC, durations are seconds. */
export const WebhookRequest = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2_048),
  events: z.array(WebhookEventType).min(1).default(['job.succeeded', 'job.failed', 'job.canceled', 'job.expired']),
  secret: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'whsec_ and the base64 of 24 to 64 random bytes')
    .describe('signs every delivery (Standard Webhooks); never shown again'),
});
export type WebhookRequest = z.infer<typeof WebhookRequest>;

const Labels = z.array(Label).max(10);
const StartDeadlineSeconds = z.int().min(1).max(604_800);
const RunTimeoutSeconds = z.int().min(1).max(3_600);
const MaxAttempts = z.int().min(1).max(10);
const RetentionSeconds = z
  .int()
  .min(MIN_RETENTION_MS / SECOND)
  .max(MAX_RETENTION_MS / SECOND);

/**
 * `POST /v1/jobs`. Anywhere in `input`, `{"$output": {"job": ID, "path": POINTER}}` stands for a value of that job's output
 * (RFC 6901; "" is the whole of it), and makes this job depend on it.
 */
export const CreateJobRequest = z
  .strictObject({
    model: z.string().min(1).max(100),
    input: z.record(z.string(), z.unknown()),
    dependsOn: z.array(JobId).max(20).default([]).describe('jobs that must succeed before this one is queued'),
    priority: Priority.default('normal'),
    webhook: WebhookRequest.optional(),
    metadata: z
      .record(z.string().min(1).max(64), z.string().max(500))
      .refine((metadata) => Object.keys(metadata).length <= 64, 'has more than 64 entries')
      .default({}),
    labels: Labels.default([]).describe('words that lists can be filtered by, such as `deck:7`'),
    notBefore: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('not queued before then, and at most a minute later; 30 days ahead at most'),
    startDeadlineSeconds: StartDeadlineSeconds.optional().describe(
      'from its creation, or from `notBefore` if that is later',
    ),
    runTimeoutSeconds: RunTimeoutSeconds.optional(),
    maxAttempts: MaxAttempts.optional(),
    retentionSeconds: RetentionSeconds.optional().describe('how long it is kept after its end; 30 days unless said'),
  })
  .meta({ id: 'CreateJobRequest' });
export type CreateJobRequest = z.infer<typeof CreateJobRequest>;

/** `POST /v1/jobs/{id}/retry`: what the new job has otherwise than the one it repeats. */
export const RetryJobRequest = z
  .strictObject({
    priority: Priority.optional(),
    labels: Labels.optional().describe('in the place of those it had'),
    startDeadlineSeconds: StartDeadlineSeconds.optional(),
    runTimeoutSeconds: RunTimeoutSeconds.optional(),
    maxAttempts: MaxAttempts.optional(),
    retentionSeconds: RetentionSeconds.optional(),
  })
  .meta({ id: 'RetryJobRequest' });
export type RetryJobRequest = z.infer<typeof RetryJobRequest>;

/** `POST /v1/jobs/{id}/cancel`. */
export const CancelJobRequest = z
  .strictObject({
    dependants: z
      .enum(['fail', 'cancel'])
      .default('fail')
      .describe(
        'what the jobs that wait for this one do once it has ended: fail with `dependency_failed`, or end as canceled too',
      ),
  })
  .meta({ id: 'CancelJobRequest' });
export type CancelJobRequest = z.infer<typeof CancelJobRequest>;

export const ArtifactResource = z.object({
  name: z.string(),
  contentType: z.string(),
  sizeBytes: z.int(),
  url: z.url().describe('signed; expires one hour after this answer'),
});

export const AttemptResource = z.object({
  attempt: z.int(),
  worker: z.string(),
  cold: z.boolean().describe('whether this worker was started for this job, rather than found warm'),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  outcome: z.enum(['succeeded', 'failed', 'canceled', 'lost']).nullable(),
  error: JobError.nullable(),
});

/** Where the time of the last attempt went; null where it has not been spent. */
export const Timing = z.object({
  queuedSeconds: z.number().nullable().describe('from queued to started, boot included'),
  bootSeconds: z.number().nullable().describe('of a cold worker: from reserving its slot to ready'),
  loadSeconds: z.number().nullable().describe('the part of the boot in which the model loaded'),
  runSeconds: z.number().nullable(),
});

/** Four times that have nothing to do with each other. */
export const Times = z.object({
  startDeadlineSeconds: z
    .number()
    .describe('until a worker must have taken it, from its creation or `notBefore`; ends it as expired, or failed'),
  startupTimeoutSeconds: z
    .number()
    .nullable()
    .describe(
      'how long a worker may take to start: of its pool, for all its jobs; null where that is not here any more',
    ),
  runTimeoutSeconds: z.number().describe('how long each attempt may run'),
  retentionSeconds: z.number().describe('how long it is kept after its end'),
});
export type Times = z.infer<typeof Times>;

export const JobResource = z
  .object({
    id: JobId,
    model: z.string(),
    state: JobState,
    blocked: z.object({ reason: BlockedReason, until: z.iso.datetime().nullable() }).nullable(),
    version: z.int(),
    attempt: z.int(),
    priority: Priority,
    input: z.unknown(),
    inputFrom: z.array(InputSource),
    dependsOn: z.array(z.string()),
    output: z.unknown(),
    error: JobError.nullable(),
    artifacts: z.array(ArtifactResource),
    metrics: z.record(z.string(), z.number()),
    progress: z
      .object({ fraction: z.number().nullable(), message: z.string().nullable(), at: z.iso.datetime() })
      .nullable(),
    attempts: z.array(AttemptResource),
    timing: Timing,
    cost: Cost.nullable(),
    webhook: z.object({ url: z.string(), events: z.array(WebhookEventType) }).nullable(),
    metadata: z.record(z.string(), z.string()),
    labels: z.array(z.string()),
    retryOf: z.string().nullable().describe('the job that this one does again'),
    notBefore: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    queuedAt: z.iso.datetime().nullable(),
    startedAt: z.iso.datetime().nullable(),
    finishedAt: z.iso.datetime().nullable(),
    startBy: z.iso.datetime(),
    times: Times,
    purgeAt: z.iso
      .datetime()
      .nullable()
      .describe('when all of it is deleted, or a little later; null before its end, and where it is kept for ever'),
  })
  .meta({ id: 'Job' });
export type JobResource = z.infer<typeof JobResource>;

/** A job whose cancellation was asked for, and what came of that. Where it had ended otherwise there is a problem instead. */
export const CanceledJob = JobResource.extend({
  outcome: z
    .enum(['canceled', 'requested'])
    .describe('`canceled`: it has ended. `requested`: its worker has been asked to stop, and it will end as canceled.'),
}).meta({ id: 'CanceledJob' });
export type CanceledJob = z.infer<typeof CanceledJob>;

/** A job as a list shows it: without what can be large, which `GET /v1/jobs/{id}` shows. */
export const JobSummary = JobResource.omit({
  input: true,
  inputFrom: true,
  output: true,
  artifacts: true,
  attempts: true,
}).meta({ id: 'JobSummary' });
export type JobSummary = z.infer<typeof JobSummary>;

/** `state` goes with everything; of `model`, `pool` and `label` at most one (domain/shapes.ts has an index for each of these). */
export const ListJobsQuery = z.strictObject({
  state: JobState.optional(),
  model: z.string().max(100).optional().describe('not with pool or label'),
  pool: z.string().max(100).optional().describe('not with model or label'),
  label: Label.optional().describe('jobs that have this label among theirs; not with model or pool'),
  createdAfter: z.iso.datetime({ offset: true }).optional().describe('created then or later'),
  createdBefore: z.iso.datetime({ offset: true }).optional().describe('created before then'),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(500).optional(),
});
export type ListJobsQuery = z.infer<typeof ListJobsQuery>;

export const JobList = z
  .object({ items: z.array(JobSummary), next: z.string().nullable().describe('the cursor of the next page') })
  .meta({ id: 'JobList' });
export type JobList = z.infer<typeof JobList>;

/** What would become of a job if it were submitted now. Nothing of it is stored. */
export const JobPlanResource = z
  .object({
    model: z.string(),
    pool: z.string(),
    queues: z.array(z.string()).describe('those that may take it, in order; the first is its home'),
    blocked: JobResource.shape.blocked.describe('what it would wait for before it is queued'),
    backlog: z.int().describe('jobs that are queued in its home now; counted to 10 000'),
    expected: z.object({
      basis: z.enum(['declared']).describe('`declared`: reckoned with the times that the model names for itself'),
      waitSeconds: z.number().describe('from queued to started, behind all that are queued now'),
      bootSeconds: z
        .number()
        .describe(
          'the boot of its worker, where it would be the first job of that worker, and so billed with it; else 0',
        ),
      runSeconds: z.number(),
      costUsd: z.number().nullable().describe('of boot and run; null where the price of the hardware is not known'),
      price: z.object({ hardware: z.string(), date: z.string(), verified: z.boolean() }).nullable(),
    }),
    history: z.object({ jobs: z.int().describe('how many jobs that ran before it is reckoned from') }),
    target: z
      .object({ workers: z.int(), reason: z.string() })
      .describe('how many workers its home would be given with this job in it, and why'),
  })
  .meta({ id: 'JobPlan' });
export type JobPlanResource = z.infer<typeof JobPlanResource>;

export const ModelResource = z
  .object({
    name: z.string(),
    title: z.string(),
    description: z.string(),
    pool: z.string(),
    available: z.boolean(),
    missing: z.array(z.object({ program: z.string(), install: z.string() })),
    input: z.record(z.string(), z.unknown()).describe('JSON Schema 2020-12'),
    output: z.record(z.string(), z.unknown()).describe('JSON Schema 2020-12'),
    times: Times.describe('those of a job that asks for no others'),
  })
  .meta({ id: 'Model' });
export type ModelResource = z.infer<typeof ModelResource>;

export const ModelList = z.object({ items: z.array(ModelResource) }).meta({ id: 'ModelList' });

/** What a browser may have: it shows one job. */
export const JobToken = z
  .object({
    token: z.string().describe('sent as a key is, or as `?token=` where no header can be sent'),
    job: JobId,
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'JobToken' });

/** What a client needs to listen to its tenant's documents, but for the web API key, which Firebase gives to the project. */
export const FirebaseToken = z
  .object({
    token: z.string().describe('a Firebase custom token, for signInWithCustomToken'),
    expiresAt: z.iso.datetime().describe('when it and every sign-in made with it end'),
    tenant: z.string().describe('what each query must ask for: tenant == this'),
    projectId: z.string().describe('for initializeApp'),
    databaseId: z.string().describe('for getFirestore'),
  })
  .meta({ id: 'FirebaseToken' });
export type FirebaseToken = z.infer<typeof FirebaseToken>;

/** RFC 9457. `code` is stable and meant for programs; `errors` names each field at fault by JSON pointer. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;
