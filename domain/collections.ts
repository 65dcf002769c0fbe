import type { Delivery } from './contract/delivery.ts';
import type { StoredFile } from './contract/file.ts';
import type { Edge, Job, JobEvent, JobPrivate, LogChunk } from './contract/job.ts';
import type { Rejection } from './contract/rejection.ts';
import type { Slot } from './contract/slot.ts';
import type { Key, Tenant, TenantPlace } from './contract/tenant.ts';

/** Every collection and the shape of its documents. `events` and `logs` lie below a job; a shape asks all of a collection, whichever its parent. */
export interface Collections {
  jobs: Job;
  events: JobEvent;
  logs: LogChunk;
  jobs_private: JobPrivate;
  edges: Edge;
  slots: Slot;
  deliveries: Delivery;
  tenants: Tenant;
  tenant_slots: TenantPlace;
  keys: Key;
  rejections: Rejection;
  files: StoredFile;
}
export type CollectionName = keyof Collections;

/** The collections that lie below a document of another one. */
export const BELOW_A_JOB: ReadonlySet<CollectionName> = new Set<CollectionName>(['events', 'logs']);

/**
 * Fields that hold a stranger's JSON, given back as it came. An engine whose documents would change it (the order of its keys)
 * or refuse it (arrays in arrays, names like `__x__`, more than 20 levels) keeps it as text.
 */
export const VERBATIM: Partial<Record<CollectionName, readonly string[]>> = { jobs: ['input', 'output'] };
