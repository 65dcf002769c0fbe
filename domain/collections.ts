import type { Delivery, Key } from './contract/delivery.ts';
import type { Edge, Job, JobEvent, JobPrivate, LogChunk } from './contract/job.ts';
import type { Slot } from './contract/slot.ts';

/** Every collection and the shape of its documents. `events` and `logs` lie below a job; a shape asks all of a collection, whichever its parent. */
export interface Collections {
  jobs: Job;
  events: JobEvent;
  logs: LogChunk;
  jobs_private: JobPrivate;
  edges: Edge;
  slots: Slot;
  deliveries: Delivery;
  keys: Key;
}
export type CollectionName = keyof Collections;
