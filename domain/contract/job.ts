import { z } from 'zod';

export const JobId = z.string().regex(/^[a-z0-9]{26}$/, 'a job id: 26 lower-case letters and digits');

/** A word to find a job by. */
export const Label = z.string().regex(/^[a-z0-9._:=-]{1,64}$/, '1 to 64 of a-z, 0-9 and . _ : = -');

/** A job's states; what may follow what stands in domain/state.ts. */
export const JobState = z.enum([
  'blocked',
  'queued',
  'running',
  'canceling',
  'succeeded',
  'failed',
  'canceled',
  'expired',
]);
export type JobState = z.infer<typeof JobState>;

/** Why a blocked job waits. */
export const BlockedReason = z.enum(['dependency', 'not_before', 'backoff', 'tenant_limit', 'budget', 'paused']);
export type BlockedReason = z.infer<typeof BlockedReason>;

/** What went wrong; what follows from each kind is one row of the table in domain/retry.policy.ts. */
export const ErrorKind = z.enum([
  'invalid_input',
  'model_error',
  'output_invalid',
  'crash',
  'out_of_memory',
  'gpu_out_of_memory',
  'timeout',
  'startup_failed',
  'worker_lost',
  'preempted',
  'no_capacity',
  'quota',
  'dependency_failed',
  'start_deadline',
]);
export type ErrorKind = z.infer<typeof ErrorKind>;

export const JobError = z.object({
  kind: ErrorKind,
  message: z.string().max(4_096),
});
export type JobError = z.infer<typeof JobError>;

export const Priority = z.enum(['low', 'normal', 'high', 'critical']);
export type Priority = z.infer<typeof Priority>;

/** Who may write to a running job: a write is accepted iff it EQUALS the writer's own. */
export const Holder = z.object({
  slot: z.string(),
  fence: z.int(),
  attempt: z.int(),
});
export type Holder = z.infer<typeof Holder>;

/** The latest progress; `fraction` is 0 to 1, null where only a message is known. */
export const Progress = z.object({
  fraction: z.number().min(0).max(1).nullable(),
  message: z.string().max(500).nullable(),
  atMs: z.int(),
});
export type Progress = z.infer<typeof Progress>;

/** A file that an attempt produced; `path` is its place in the blob store. */
export const Artifact = z.object({
  name: z.string(),
  contentType: z.string(),
  sizeBytes: z.int(),
  path: z.string(),
});
export type Artifact = z.infer<typeof Artifact>;

/**
 * One try at a job. `bootMs` is how long the worker took from its slot's reservation to ready, and stands only on the first
 * job of a worker (`cold`); `loadMs` is the part of it in which the model's servers started.
 */
export const Attempt = z.object({
  attempt: z.int(),
  slot: z.string(),
  fence: z.int(),
  execution: z.string(),
  cold: z.boolean(),
  bootMs: z.int().nullable(),
  loadMs: z.int().nullable(),
  idleMs: z.int(),
  startedAtMs: z.int(),
  endedAtMs: z.int().nullable(),
  outcome: z.enum(['succeeded', 'failed', 'canceled', 'lost']).nullable(),
  error: JobError.nullable(),
});
export type Attempt = z.infer<typeof Attempt>;

/** US dollars, split by where the worker's time went. `priceDate` names the row of the price table, `verified` says whether that row was read on the vendor's own page. */
export const Cost = z.object({
  hardware: z.string(),
  bootUsd: z.number(),
  computeUsd: z.number(),
  idleUsd: z.number(),
  totalUsd: z.number(),
  priceDate: z.string(),
  verified: z.boolean(),
});
export type Cost = z.infer<typeof Cost>;

/** Where a value in a job's input comes from: `pointer` (RFC 6901) in the input is filled with `path` (RFC 6901) of `job`'s output. */
export const InputSource = z.object({
  pointer: z.string(),
  job: z.string(),
  path: z.string(),
});
export type InputSource = z.infer<typeof InputSource>;

export const WebhookEventType = z.enum([
  'job.queued',
  'job.started',
  'job.succeeded',
  'job.failed',
  'job.canceled',
  'job.expired',
]);
export type WebhookEventType = z.infer<typeof WebhookEventType>;

/**
 * Whose job this was, and since when it is empty. Its `tenant` is nobody's from then on, so that whoever does not ask for this
 * finds nothing.
 */
export const Tombstone = z.object({ tenant: z.string(), purgedAtMs: z.int() });
export type Tombstone = z.infer<typeof Tombstone>;

/**
 * The document `jobs/{id}`. `failures` counts the attempts that count towards `maxAttempts`; `untilMs` is NEVER_MS where no time is due.
 * `limited` stands where its tenant had a running limit when it was made: it runs only with a place of its tenant, whose index
 * is `place` while it has one.
 */
export const Job = z.looseObject({
  schema: z.literal(1),
  id: z.string(),
  tenant: z.string(),
  model: z.string(),
  pool: z.string(),
  queues: z.array(z.string()).min(1).max(10),
  home: z.string(),
  state: JobState,
  reason: BlockedReason.nullable(),
  untilMs: z.int(),
  version: z.int(),
  attempt: z.int(),
  failures: z.int(),
  maxAttempts: z.int(),
  holder: Holder.nullable(),
  priority: Priority,
  rank: z.number(),
  input: z.unknown(),
  inputFrom: z.array(InputSource),
  dependsOn: z.array(z.string()),
  output: z.unknown(),
  error: JobError.nullable(),
  artifacts: z.array(Artifact),
  metrics: z.record(z.string(), z.number()),
  progress: Progress.nullable(),
  attempts: z.array(Attempt),
  cost: Cost.nullable(),
  metadata: z.record(z.string(), z.string()),
  webhook: z.object({ url: z.string(), events: z.array(WebhookEventType) }).nullable(),
  requestHash: z.string(),
  runTimeoutMs: z.int(),
  createdAtMs: z.int(),
  queuedAtMs: z.int().nullable(),
  startedAtMs: z.int().nullable(),
  finishedAtMs: z.int().nullable(),
  startByMs: z.int(),
  labels: z.array(z.string()).optional().describe('jobs of older builds have none'),
  retryOf: z.string().optional().describe('the ended job that this one does again'),
  notBeforeMs: z.int().optional().describe('it is not queued before this instant'),
  dependants: z.literal('cancel').optional().describe('where it ends as canceled, those that wait for it do too'),
  limited: z.literal(true).optional(),
  place: z.int().nullable().optional(),
  retentionMs: z.int().optional().describe('how long it is kept after its end; jobs of older builds say nothing'),
  purgeAtMs: z.int().optional().describe('when it is emptied, and its tombstone deleted; none before its end'),
  tombstone: Tombstone.optional(),
  eventsTopic: z
    .literal(true)
    .optional()
    .describe('its end is published to the topic of its tenant, which asked for that when it was made'),
});
export type Job = z.infer<typeof Job>;

/** The document `jobs_private/{id}`: what no reader of the job may see. */
export const JobPrivate = z.looseObject({
  schema: z.literal(1),
  webhookSecret: z.string().nullable(),
});
export type JobPrivate = z.infer<typeof JobPrivate>;

/** The document `jobs/{id}/events/{version}`: made in the commit of its move; outbox, timeline and webhook sequence in one. */
export const JobEvent = z.looseObject({
  schema: z.literal(1),
  jobId: z.string(),
  tenant: z.string(),
  seq: z.int(),
  from: JobState.nullable(),
  to: JobState,
  attempt: z.int(),
  reason: z.string().nullable(),
  error: JobError.nullable(),
  open: z.boolean(),
  atMs: z.int(),
  releasedTo: z
    .string()
    .optional()
    .describe('the last dependant that was looked at, where there were too many for one call'),
});
export type JobEvent = z.infer<typeof JobEvent>;

/** The document `jobs/{id}/logs/{attempt}-{seq}`: at most 32 KiB of lines. */
export const LogChunk = z.looseObject({
  schema: z.literal(1),
  jobId: z.string(),
  attempt: z.int(),
  seq: z.int(),
  lines: z.array(z.object({ stream: z.enum(['stdout', 'stderr']), text: z.string(), atMs: z.int() })),
});
export type LogChunk = z.infer<typeof LogChunk>;

/** The document `edges/{parent}~{child}`. */
export const Edge = z.looseObject({ schema: z.literal(1), parent: z.string(), child: z.string() });
export type Edge = z.infer<typeof Edge>;
