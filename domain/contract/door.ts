import { z } from 'zod';
import { Artifact, JobError, JobId } from './job.ts';

/**
 * What a worker and `functions/worker`, its only door, say to each other: POST with JSON to `/ready`, `/claim`, `/report`,
 * `/artifact`, `/finish`, `/renew` and `/release`. Every call but `/ready` carries the session in the header `slipway-session`:
 * `<slot>.<fence>.<sessionKey>`. A refused session is 409 with code `session_refused`: the worker kills its runners and exits 0.
 */
export { DOOR_PROTOCOL, SESSION_HEADER } from './door-protocol.ts';

/** What a launch tells the worker, as environment variables; the ticket is good for one `ready`. */
export const WorkerEnv = z.object({
  SLIPWAY_DOOR: z.url().describe('address of functions/worker'),
  SLIPWAY_DOOR_TOKEN: z
    .string()
    .default('')
    .describe('bearer for the door; empty on Google Cloud, where the worker shows a token of its own account'),
  SLIPWAY_QUEUE: z.string(),
  SLIPWAY_SLOT: z.string(),
  SLIPWAY_FENCE: z.coerce.number().int(),
  SLIPWAY_TICKET: z.string(),
  CLOUD_RUN_JOB: z.string(),
  CLOUD_RUN_EXECUTION: z.string(),
  CLOUD_RUN_TASK_INDEX: z.coerce.number().int(),
  CLOUD_RUN_TASK_ATTEMPT: z.coerce.number().int(),
  CLOUD_RUN_TASK_COUNT: z.coerce.number().int(),
});
export type WorkerEnv = z.infer<typeof WorkerEnv>;

const SlotId = z.string().regex(/^[a-z0-9-]{1,64}@[a-z0-9-]{1,64}~\d{1,6}$/, 'a slot: queue@region~index');

/** What a `ready` of any protocol says, so that one of another protocol can be refused and its slot freed. */
export const Greeting = z.object({ protocol: z.int(), slot: SlotId, fence: z.int(), ticket: z.string().max(200) });
export type Greeting = z.infer<typeof Greeting>;

/** `sessionKey` is 32 random bytes (hex) of the worker's own making, so that a repeated `ready` is answered alike and a twin's is not. */
export const ReadyRequest = Greeting.extend({
  execution: z.string().regex(/^[a-z0-9-]{1,128}$/, 'the name of an execution'),
  sessionKey: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ReadyRequest = z.infer<typeof ReadyRequest>;

export const ReadyReply = z.object({
  models: z.array(z.string()),
  renewEveryMs: z.int(),
  abandonAfterMs: z
    .int()
    .describe('after this long without a good renewal, counted from its start, the worker kills its runners and exits'),
  idleTimeoutMs: z.int(),
  maxLifetimeMs: z.int(),
});
export type ReadyReply = z.infer<typeof ReadyReply>;

/** `holdMs` of 0 answers at once; `loadMs` is how long the model servers took to start, sent with each claim. */
export const ClaimRequest = z.object({ holdMs: z.int().min(0).max(50_000), loadMs: z.int().min(0) });
export type ClaimRequest = z.infer<typeof ClaimRequest>;

/** Different files of ours that one input may name: each is looked up before its job is accepted, and signed for its worker. */
export const MAX_FILES = 50;

/** A file that the job's input names by `uri`: where its bytes are, and what they have to be. */
export const ClaimedFile = z.object({
  uri: z.string(),
  url: z.url(),
  sha256: z.string(),
  sizeBytes: z.int(),
  contentType: z.string(),
});
export type ClaimedFile = z.infer<typeof ClaimedFile>;

export const ClaimedJob = z.object({
  id: z.string(),
  attempt: z.int(),
  model: z.string(),
  input: z.unknown(),
  runTimeoutMs: z.int(),
  files: z.array(ClaimedFile).optional().describe('a door of before knows of none'),
});
export type ClaimedJob = z.infer<typeof ClaimedJob>;

/** `drain`: take no further job, release. */
export const ClaimReply = z.object({ job: ClaimedJob.nullable(), drain: z.boolean() });
export type ClaimReply = z.infer<typeof ClaimReply>;

export const LogLine = z.object({
  stream: z.enum(['stdout', 'stderr']),
  text: z.string().max(8_192),
  atMs: z.int(),
});
export type LogLine = z.infer<typeof LogLine>;

/** `logSeq` numbers this attempt's chunks from 0, so that a repeated report stores its lines once. */
export const ReportRequest = z.object({
  job: JobId,
  attempt: z.int(),
  progress: z
    .object({ fraction: z.number().min(0).max(1).nullable(), message: z.string().max(500).nullable() })
    .nullable(),
  metrics: z.record(z.string().max(100), z.number()).default({}),
  logSeq: z.int().min(0),
  logs: z.array(LogLine).max(500),
});
export type ReportRequest = z.infer<typeof ReportRequest>;

export const ReportReply = z.object({ cancel: z.boolean() });
export type ReportReply = z.infer<typeof ReportReply>;

export const ArtifactRequest = z.object({
  job: JobId,
  attempt: z.int(),
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'letters, digits, dot, underscore, hyphen'),
  contentType: z.string().regex(/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/),
  sizeBytes: z.int().positive(),
});
export type ArtifactRequest = z.infer<typeof ArtifactRequest>;

/** PUT the bytes to `url` with exactly these headers before it expires. */
export const ArtifactReply = z.object({ path: z.string(), url: z.url(), headers: z.record(z.string(), z.string()) });
export type ArtifactReply = z.infer<typeof ArtifactReply>;

/** Files of one attempt: the job's document lists them. More make an output invalid, so a runner gathers only one more. */
export const MAX_ARTIFACTS = 200;

export const Outcome = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('succeeded'),
    output: z.unknown(),
    artifacts: z.array(Artifact).max(MAX_ARTIFACTS),
    metrics: z.record(z.string().max(100), z.number()).default({}),
  }),
  z.object({ kind: z.literal('failed'), error: JobError }),
  z.object({ kind: z.literal('canceled') }),
]);
export type Outcome = z.infer<typeof Outcome>;

export const FinishRequest = z.object({ job: JobId, attempt: z.int(), outcome: Outcome });
export type FinishRequest = z.infer<typeof FinishRequest>;

/** `accepted` is false where the job is no longer this worker's: its result was refused, the worker goes on. */
export const FinishReply = z.object({ accepted: z.boolean() });
export type FinishReply = z.infer<typeof FinishReply>;

/** `cancel` lists the jobs of this session whose cancellation was asked for. */
export const RenewReply = z.object({ cancel: z.array(z.string()), drain: z.boolean() });
export type RenewReply = z.infer<typeof RenewReply>;

export const ReleaseReply = z.object({ released: z.boolean() });
export type ReleaseReply = z.infer<typeof ReleaseReply>;
