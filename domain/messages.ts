/** A request of a tenant's topic that made no job, for whoever looks after its publishers: the document in `rejections`, in short. */
export interface RejectedRequest {
  readonly rejection: string;
  /** Null where the topic is no tenant's. */
  readonly tenant: string | null;
  readonly code: string;
  readonly reason: string;
  /** Null where the message gave none that can be read. */
  readonly idempotencyKey: string | null;
}

/** The end of a job, told to its tenant's own topic. Of two with one id the second says nothing new. */
export interface TenantEvent {
  readonly tenant: string;
  readonly id: string;
  readonly type: string;
  /** The job's version: orders the events of one job. */
  readonly sequence: number;
  /** As a webhook's. */
  readonly body: string;
}

/** Every topic, and what a message of it says. Names in a deployment have its prefix; a tenant's own topic has its id behind (eventarc/topics.ts). */
export interface Messages {
  nudges: { readonly queue: string };
  /** "Go on with this event", by its document's path: how `on-job-event` goes on where its time was up. */
  events: { readonly event: string };
  deliveries: { readonly delivery: string };
  'job-rejections': RejectedRequest;
  'job-events': TenantEvent;
}
export type Topic = keyof Messages;
