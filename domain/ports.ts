import type { CollectionName, Collections } from './collections.ts';
import type { Messages, Topic } from './messages.ts';
import type { GaugeName, SettledRecord } from './metrics.ts';
import type { FieldOf, Part, QueryOptions } from './query.ts';
import type { CollectionOf, Scalar, ShapeName, Where } from './shapes.ts';

/** The address of a document: `path` is `collection/id`, or `jobs/id/collection/id` for what lies below a job. */
export interface Ref<C extends CollectionName = CollectionName> {
  readonly collection: C;
  readonly path: string;
}

/** The only place where document paths are made. */
export const refs = {
  job: (id: string): Ref<'jobs'> => ({ collection: 'jobs', path: `jobs/${id}` }),
  jobPrivate: (id: string): Ref<'jobs_private'> => ({ collection: 'jobs_private', path: `jobs_private/${id}` }),
  event: (jobId: string, seq: number): Ref<'events'> => ({ collection: 'events', path: `jobs/${jobId}/events/${seq}` }),
  log: (jobId: string, attempt: number, seq: number): Ref<'logs'> => ({
    collection: 'logs',
    path: `jobs/${jobId}/logs/${attempt}-${seq}`,
  }),
  edge: (parent: string, child: string): Ref<'edges'> => ({ collection: 'edges', path: `edges/${parent}~${child}` }),
  slot: (id: string): Ref<'slots'> => ({ collection: 'slots', path: `slots/${id}` }),
  delivery: (id: string): Ref<'deliveries'> => ({ collection: 'deliveries', path: `deliveries/${id}` }),
  tenant: (id: string): Ref<'tenants'> => ({ collection: 'tenants', path: `tenants/${id}` }),
  place: (tenant: string, index: number): Ref<'tenant_slots'> => ({
    collection: 'tenant_slots',
    path: `tenant_slots/${tenant}~${index}`,
  }),
  key: (hash: string): Ref<'keys'> => ({ collection: 'keys', path: `keys/${hash}` }),
  rejection: (id: string): Ref<'rejections'> => ({ collection: 'rejections', path: `rejections/${id}` }),
  file: (id: string): Ref<'files'> => ({ collection: 'files', path: `files/${id}` }),
  sweep: (): Ref<'system'> => ({ collection: 'system', path: 'system/sweep' }),
} as const;

/** The id of the slot of a queue with this index. */
export const slotId = (queue: string, index: number): string => `${queue}~${index}`;

/** A document as it was at `readAtMs`. Both times are the store's own clock; `etag` changes with every write to the document. */
export interface Snapshot<T> {
  readonly path: string;
  readonly data: T;
  readonly etag: string;
  readonly updatedAtMs: number;
  readonly readAtMs: number;
}

export type Write =
  | { readonly kind: 'create'; readonly ref: Ref; readonly data: object }
  | { readonly kind: 'update'; readonly ref: Ref; readonly etag: string; readonly patch: object }
  | { readonly kind: 'delete'; readonly ref: Ref; readonly etag?: string };

/** Fails the commit if the document exists. */
export const create = <C extends CollectionName>(ref: Ref<C>, data: Collections[C]): Write => ({
  kind: 'create',
  ref,
  data,
});

/** Replaces the named top-level fields and keeps all others; fails the commit unless the document is as `read` saw it. */
export const update = <C extends CollectionName>(
  ref: Ref<C>,
  read: Snapshot<Collections[C]>,
  patch: Partial<Collections[C]>,
): Write => ({ kind: 'update', ref, etag: read.etag, patch });

/**
 * Deletes the document, if it is there: only for one that a precondition of the same commit shows to be the writer's. With `read`
 * that is its own: the commit fails unless the document is as it was read. One whose answer was lost on the way may fail so although
 * it was made.
 */
export const remove = (ref: Ref, read?: Pick<Snapshot<unknown>, 'etag'>): Write => ({
  kind: 'delete',
  ref,
  ...(read === undefined ? {} : { etag: read.etag }),
});

/** A place in a query's order: the ordered value and the path of the last document seen. */
export type Cursor = readonly [Scalar, string];

export interface Page<T> {
  readonly items: readonly Snapshot<T>[];
  readonly next: Cursor | null;
  readonly readAtMs: number;
}

/** Every read is strongly consistent; `commit` is the only write. */
export interface Store {
  get<C extends CollectionName>(ref: Ref<C>): Promise<Snapshot<Collections[C]> | null>;
  /** All or nothing. Throws PreconditionFailedError when nothing was written, UnclearError when it cannot tell. */
  commit(writes: readonly Write[]): Promise<void>;
  /** In the shape's order, ties by path; a document that lacks the ordered field is in no result. `next` is null at the end. */
  query<S extends ShapeName, F extends FieldOf<Collections[CollectionOf<S>]> = FieldOf<Collections[CollectionOf<S>]>>(
    shape: S,
    where: Where<S>,
    options: QueryOptions<F>,
  ): Promise<Page<Part<Collections[CollectionOf<S>], F>>>;
  /** How many match, counted no further than `limit`. */
  count<S extends ShapeName>(shape: S, where: Where<S>, limit: number): Promise<number>;
  /**
   * Calls `onChange` after each commit that touched a match (with `limit`: one of the first so many), and perhaps needlessly: a
   * hint to read again. Watch first, then read. Returns the stop.
   */
  watch<S extends ShapeName>(
    target: Ref | { readonly shape: S; readonly where: Where<S>; readonly limit?: number },
    onChange: () => void,
  ): () => void;
}

/** Resolves once the message is accepted; it then arrives at least once, in no order, or is lost with its retention. */
export interface Bus {
  /** Throws NoTopicError where there is no such topic to publish to: a tenant's may be missing. */
  publish<T extends Topic>(topic: T, message: Messages[T]): Promise<void>;
}

/** How a sweep went, told by itself when it has come to its end. */
export interface Swept {
  readonly startedAtMs: number;
  readonly failures: number;
}

/** What sweep hands to each function: ids only; the function reads and decides for itself. `swept` is for dispatch to write down. */
export interface Due {
  dispatch: {
    readonly slots: readonly string[];
    readonly jobs: readonly string[];
    readonly queues: readonly string[];
    readonly swept?: Swept;
  };
  /** By their paths: open events; jobs, files and rejections whose time is over. By their ids: tenants whose places are to be filled. */
  'on-job-event': {
    readonly events: readonly string[];
    readonly purges: readonly string[];
    readonly tenants: readonly string[];
  };
  'deliver-webhook': { readonly ids: readonly string[] };
}

/** Authenticated HTTP from one function to another; resolves once the other has done its work, throws if it answered no 2xx. */
export interface Calls {
  due<F extends keyof Due>(to: F, ids: Due[F]): Promise<void>;
}

export interface LaunchRequest {
  readonly queue: string;
  readonly slot: string;
  readonly fence: number;
  readonly ticket: string;
}

/** `ambiguous`: an execution may or may not have been started; it must not be launched again for this fence. */
export type LaunchResult =
  | { readonly kind: 'started'; readonly execution: string }
  | {
      readonly kind: 'failed';
      readonly reason: 'capacity' | 'quota' | 'permission' | 'not_found' | 'other';
      readonly message: string;
    }
  | { readonly kind: 'ambiguous'; readonly message: string };

/** One run of a worker, by the platform's own name for it; the queue says where to look for it. */
export interface Execution {
  readonly queue: string;
  readonly execution: string;
}

/** Cloud Run Jobs: one execution is one worker. */
export interface Launcher {
  /** Called once for a slot and fence: never repeated by the adapter, since each call may start an execution. */
  launch(request: LaunchRequest): Promise<LaunchResult>;
  /** Idempotent; resolves once the cancellation is asked for, also for an execution that has ended or never was. */
  cancel(execution: Execution): Promise<void>;
  /** `unknown` where the platform no longer (or not yet) tells. */
  status(execution: Execution): Promise<'running' | 'ended' | 'unknown'>;
  /** What was launched for this slot and fence and has not ended, as far as the platform tells: an ambiguous launch leaves no name behind. */
  find(launch: Pick<LaunchRequest, 'queue' | 'slot' | 'fence'>): Promise<readonly Execution[]>;
  /** Whatever was launched before this instant (store time) is dead for certain; null where no such instant is known. */
  readonly aliveSinceMs: number | null;
}

export interface SignedUpload {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Blobs {
  /** A PUT with exactly these headers, once, of exactly `sizeBytes`. */
  signUpload(
    path: string,
    options: { contentType: string; sizeBytes: number; expiresInMs: number },
  ): Promise<SignedUpload>;
  signDownload(path: string, options: { expiresInMs: number }): Promise<string>;
  /** Size in bytes, or null where there is no such blob. */
  size(path: string): Promise<number | null>;
  /** Idempotent: a blob that is not there is as good as removed. An upload signed before may put one there again until it expires. */
  remove(path: string): Promise<void>;
}

export interface Gauge {
  readonly name: GaugeName;
  readonly queue: string | null;
  readonly value: number;
}

export interface MetricSink {
  settled(record: SettledRecord): Promise<void>;
  gauges(points: readonly Gauge[]): Promise<void>;
}

export type SecretName = 'idempotency-pepper';

export interface Secrets {
  get(name: SecretName): Promise<string>;
}

export interface ClientToken {
  /** A Firebase custom token: traded for an ID token by a client's SDK. */
  readonly token: string;
  /** Until then it can be traded, and until then firestore.rules let in whoever traded it. */
  readonly expiresAtMs: number;
  /** Where there is something to listen to. */
  readonly projectId: string;
  readonly databaseId: string;
}

/** Lets a tenant's own programs listen to its documents in Firestore, within firestore.rules. */
export interface ClientTokens {
  /** A token whose claim `tenant` is this tenant; null where this deployment has no Firestore to listen to. */
  make(tenant: string): Promise<ClientToken | null>;
}

/** Whom an ID token was made for, and until when it is good. */
export type Identity =
  | { readonly kind: 'account'; readonly email: string; readonly endsAtMs: number }
  | { readonly kind: 'tenant'; readonly tenant: string; readonly endsAtMs: number };

/** Tells ID tokens of Google accounts, and of programs that signed in with a tenant's Firebase token, from all else. */
export interface IdTokens {
  /** Null for whatever is no good token for this deployment. Throws UnavailableError where that cannot be told. */
  verify(token: string): Promise<Identity | null>;
}

export interface OutboundRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
}

export interface OutboundResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** At most `maxResponseBytes`, cut off there. */
  readonly body: Uint8Array;
}

/** HTTP to addresses that users give: never to one that is not public, unless this deployment allows it; redirects are not followed. */
export interface Http {
  /** Throws AddressRefusedError if a request to this address would be refused as far as the text of it tells. */
  check(url: string): void;
  /** Throws AddressRefusedError, or HttpFailure when no answer came. */
  send(request: OutboundRequest): Promise<OutboundResponse>;
}

export interface Clock {
  nowMs(): number;
  /** Calls `fn` once, `ms` from now; the returned function calls it off. */
  after(ms: number, fn: () => void): () => void;
}

export interface Random {
  /** 128 random bits as 26 lower-case letters and digits. */
  id(): string;
  /** `bytes` random bytes in hex. */
  hex(bytes: number): string;
  /** Uniform in [0, 1). */
  unit(): number;
}

/** One structured line; fields are an allow-list of the caller's making, never a whole request, header or document. */
export interface Log {
  info(message: string, fields?: Readonly<Record<string, string | number | boolean | null>>): void;
  error(message: string, fields?: Readonly<Record<string, string | number | boolean | null>>): void;
}
