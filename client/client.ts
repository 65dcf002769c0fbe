import type { z } from 'zod';
import type { CanceledJob } from '../domain/contract/cancel.ts';
import type { CreateFileRequest, FileResource } from '../domain/contract/file-api.ts';
import type { Explanation, ListLogsQuery, LogPage } from '../domain/contract/follow.ts';
import type { HealthResource } from '../domain/contract/health.ts';
import type {
  CreateJobRequest,
  FirebaseToken,
  JobResource,
  JobSummary,
  JobToken,
  ListJobsQuery,
  ModelResource,
  RetryJobRequest,
} from '../domain/contract/http.ts';
import type { JobPlanResource } from '../domain/contract/plan.ts';
import type { RejectionResource } from '../domain/contract/rejection.ts';
import type {
  CreateKeyRequest,
  KeyResource,
  NewKeyResource,
  PutTenantRequest,
  TenantResource,
} from '../domain/contract/tenant-api.ts';
import { systemHost, type ClientHost } from './host.ts';
import { outputOf } from './output.ts';
import { listing, type Listing, type PageOf } from './pages.ts';
import { sender, type Call } from './send.ts';
import { uploadFile, type UploadOptions } from './upload.ts';
import { waitForJob, watchJob, type ReadJob, type WaitOptions, type WatchOptions } from './watch.ts';

export interface ClientOptions extends Partial<ClientHost> {
  /** Where Slipway is, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** An API key, or a token that shows one job. */
  readonly key: string;
}

interface Abortable {
  readonly signal?: AbortSignal;
}
interface Holding extends Abortable {
  /** Holds the answer until the job has ended, so many seconds (1 to 60) at most. */
  readonly waitSeconds?: number;
}
interface Paged extends Abortable {
  /** How many are fetched at a time. */
  readonly limit?: number;
  /** Where to go on: `next` of a page. */
  readonly cursor?: string;
}
type JobFilter = Paged & Partial<Omit<ListJobsQuery, 'limit' | 'cursor'>>;
type LogFilter = Holding & Partial<z.infer<typeof ListLogsQuery>>;
type Given<S extends z.ZodType> = z.input<S>;

/**
 * Every operation of `/v1`, by its operationId in openapi.json. Each throws SlipwayError where it is refused or nothing answers,
 * and is made again, up to four times in all, where that is safe and may help.
 */
export interface SlipwayClient {
  /** Always with an idempotency key, of yours or a new one, so that however often it is sent one job comes of it. */
  createJob(
    request: Given<typeof CreateJobRequest>,
    options?: Holding & { idempotencyKey?: string },
  ): Promise<JobResource>;
  /** What would become of it, were it submitted; nothing is stored. */
  planJob(request: Given<typeof CreateJobRequest>, options?: Abortable): Promise<z.infer<typeof JobPlanResource>>;
  /** An ended job once more, as a new one; with an idempotency key as `createJob`. */
  retryJob(
    id: string,
    changes?: Given<typeof RetryJobRequest>,
    options?: Holding & { idempotencyKey?: string },
  ): Promise<JobResource>;
  getJob(id: string, options?: Holding): Promise<JobResource>;
  /** Its output, fetched where it is too large to stand in the job. */
  outputOf(job: JobResource, options?: Abortable): Promise<unknown>;
  /** A page of an attempt's log; `next` of it is the `cursor` to go on from, while there may be more. */
  listLogs(id: string, filter?: LogFilter): Promise<z.infer<typeof LogPage>>;
  /** Where its time went, in plain sentences. */
  explainJob(id: string, options?: Abortable): Promise<z.infer<typeof Explanation>>;
  listJobs(filter?: JobFilter): Listing<JobSummary>;
  cancelJob(id: string, options?: Abortable): Promise<z.infer<typeof CanceledJob>>;
  createJobToken(id: string, options?: Abortable): Promise<z.infer<typeof JobToken>>;
  /** The job once it has ended, however that was. @throws WaitTimeoutError */
  waitFor(id: string, options?: WaitOptions): Promise<JobResource>;
  /** The job now, after each hold, and as it ended: for who wants to see its progress. */
  watch(id: string, options?: WatchOptions): AsyncIterable<JobResource>;
  /** Declares a file; as `createJob` with an idempotency key. Its bytes go where `upload` says, once: `uploadFile` does both. */
  createFile(
    request: Given<typeof CreateFileRequest>,
    options?: Abortable & { idempotencyKey?: string },
  ): Promise<FileResource>;
  getFile(id: string, options?: Abortable): Promise<FileResource>;
  deleteFile(id: string, options?: Abortable): Promise<void>;
  /** What stands for this content in the input of a job, once it is there: `slipway:files/...`. */
  uploadFile(content: Blob | Uint8Array, options?: UploadOptions): Promise<string>;
  /** The messages of the tenant's own topic that made no job, newest first. */
  listRejections(options?: Paged): Listing<RejectionResource>;
  listModels(options?: Abortable): Promise<readonly ModelResource[]>;
  getModel(name: string, options?: Abortable): Promise<ModelResource>;
  createFirebaseToken(options?: Abortable): Promise<FirebaseToken>;
  listTenants(options?: Paged): Listing<TenantResource>;
  getTenant(tenant: string, options?: Abortable): Promise<TenantResource>;
  putTenant(tenant: string, request: Given<typeof PutTenantRequest>, options?: Abortable): Promise<TenantResource>;
  /** Never repeated, since each call makes a key: after an `unreachable` look with listKeys. */
  createKey(tenant: string, request: Given<typeof CreateKeyRequest>, options?: Abortable): Promise<NewKeyResource>;
  listKeys(tenant: string, options?: Abortable): Promise<readonly KeyResource[]>;
  deleteKey(tenant: string, key: string, options?: Abortable): Promise<void>;
  /** Whether it works, and with a key of scope `read` what it stands on. One that is down says so, and throws nothing. */
  getHealth(options?: Abortable): Promise<HealthResource>;
  /** The OpenAPI description of the interface. */
  getOpenApi(options?: Abortable): Promise<Record<string, unknown>>;
}

const part = (text: string): string => encodeURIComponent(text);
const held = (waitSeconds?: number): Pick<Call, 'headers' | 'holdMs'> =>
  waitSeconds === undefined ? {} : { headers: { prefer: `wait=${waitSeconds}` }, holdMs: waitSeconds * 1_000 };

/** A client of the Slipway at this address. @throws TypeError for an address or a key that can be none */
export function createClient({ url, key, ...given }: ClientOptions): SlipwayClient {
  const host: ClientHost = { ...systemHost, ...given };
  const send = sender({ url, key }, host);
  // What is answered is Slipway's own word, of the contract's shape or a later one that has grown.
  const ask = async <T>(call: Omit<Call, 'isRepeatable'>, isRepeatable = true): Promise<T> =>
    (await send({ ...call, isRepeatable })) as T;
  const get = <T>(path: string, options: Abortable = {}): Promise<T> => ask<T>({ method: 'GET', path, ...options });
  const list = <T>(path: string, { cursor, signal, ...query }: Paged): Listing<T> =>
    listing((from) => ask<PageOf<T>>({ method: 'GET', path, query: { ...query, cursor: from }, signal }), cursor);

  const getJob: ReadJob = (id, { waitSeconds, signal } = {}) =>
    ask({ method: 'GET', path: `/v1/jobs/${part(id)}`, signal, ...held(waitSeconds) });

  const createFile: SlipwayClient['createFile'] = (body, { idempotencyKey = host.random.hex(16), signal } = {}) =>
    ask({ method: 'POST', path: '/v1/files', body, signal, headers: { 'idempotency-key': idempotencyKey } });
  const getFile: SlipwayClient['getFile'] = (id, options) => get(`/v1/files/${part(id)}`, options);

  const submit = (
    path: string,
    body: object,
    { idempotencyKey = host.random.hex(16), waitSeconds, signal }: Holding & { idempotencyKey?: string } = {},
  ): Promise<JobResource> => {
    const { headers, ...hold } = held(waitSeconds);
    const keyed = { ...headers, 'idempotency-key': idempotencyKey };
    return ask({ method: 'POST', path, body, signal, ...hold, headers: keyed });
  };

  return {
    createJob: (body, options) => submit('/v1/jobs', body, options),
    retryJob: (id, changes = {}, options = {}) => submit(`/v1/jobs/${part(id)}/retry`, changes, options),
    planJob: (body, options) => ask({ method: 'POST', path: '/v1/jobs:plan', body, ...options }),
    explainJob: (id, options) => get(`/v1/jobs/${part(id)}/explain`, options),
    listLogs: (id, { waitSeconds, signal, ...query } = {}) =>
      ask({ method: 'GET', path: `/v1/jobs/${part(id)}/logs`, query, signal, ...held(waitSeconds) }),
    getJob: (id, options = {}) => getJob(id, options),
    outputOf: (job, options) => outputOf(getJob, host, job, options),
    listJobs: (filter = {}) => list('/v1/jobs', filter),
    cancelJob: (id, options) => ask({ method: 'POST', path: `/v1/jobs/${part(id)}/cancel`, ...options }),
    // Nothing is stored for a token: one more is as good.
    createJobToken: (id, options) => ask({ method: 'POST', path: `/v1/jobs/${part(id)}/tokens`, ...options }),
    waitFor: (id, options = {}) => waitForJob(getJob, host, id, options),
    watch: (id, options = {}) => watchJob(getJob, host, id, options),
    createFile,
    getFile,
    deleteFile: (id, options) => ask({ method: 'DELETE', path: `/v1/files/${part(id)}`, ...options }),
    uploadFile: (content, options = {}) => uploadFile({ createFile, getFile }, host, content, options),
    listRejections: (options = {}) => list('/v1/rejections', options),
    listModels: async (options) => (await get<{ items: ModelResource[] }>('/v1/models', options)).items,
    getModel: (name, options) => get(`/v1/models/${part(name)}`, options),
    createFirebaseToken: (options) => ask({ method: 'POST', path: '/v1/tokens/firebase', ...options }),
    listTenants: (options = {}) => list('/v1/tenants', options),
    getTenant: (tenant, options) => get(`/v1/tenants/${part(tenant)}`, options),
    putTenant: (tenant, body, options) => ask({ method: 'PUT', path: `/v1/tenants/${part(tenant)}`, body, ...options }),
    createKey: (tenant, body, options) =>
      ask({ method: 'POST', path: `/v1/tenants/${part(tenant)}/keys`, body, ...options }, false),
    listKeys: async (tenant, options) =>
      (await get<{ items: KeyResource[] }>(`/v1/tenants/${part(tenant)}/keys`, options)).items,
    deleteKey: (tenant, id, options) =>
      ask({ method: 'DELETE', path: `/v1/tenants/${part(tenant)}/keys/${part(id)}`, ...options }),
    getHealth: (options) => ask({ method: 'GET', path: '/v1/health', alsoAnswers: 503, ...options }),
    getOpenApi: (options) => get('/openapi.json', options),
  };
}
