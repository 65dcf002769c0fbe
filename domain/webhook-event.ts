import type { Job, JobEvent, JobState, WebhookEventType } from './contract/job.ts';

/** The webhook event that an arrival in a state is; states that nobody is told of have none. */
const EVENT_OF: Partial<Record<JobState, WebhookEventType>> = {
  queued: 'job.queued',
  running: 'job.started',
  succeeded: 'job.succeeded',
  failed: 'job.failed',
  canceled: 'job.canceled',
  expired: 'job.expired',
};

/** What an arrival in a state is called wherever it is told: as webhooks call it, and `job.<state>` where they do not tell it. */
export const eventNameOf = (state: JobState): string => EVENT_OF[state] ?? `job.${state}`;

/** The webhook event that a job event is, or null where nobody is told of it. */
export const eventTypeOf = ({ to }: Pick<JobEvent, 'to'>): WebhookEventType | null => EVENT_OF[to] ?? null;

/** The webhook event a job event is for this job's endpoint, or null where it did not ask for it. */
export function owedEvent(job: Pick<Job, 'webhook'>, event: Pick<JobEvent, 'to'>): WebhookEventType | null {
  const type = eventTypeOf(event);
  return type !== null && job.webhook?.events.includes(type) === true ? type : null;
}

/**
 * The body of a delivery (Standard Webhooks: type, timestamp, data), frozen from the event document and what of its job never
 * changes. Small on purpose: it points to the job, whose output a receiver reads over HTTPS. `data.version` orders the
 * events of one job, so that a receiver can drop what comes late.
 */
export function webhookBody(
  job: Pick<Job, 'id' | 'model' | 'metadata'>,
  event: JobEvent,
  type: WebhookEventType,
): string {
  return JSON.stringify({ type, timestamp: new Date(event.atMs).toISOString(), data: eventFacts(job, event) });
}

/** When the event happened that a body of `webhookBody` tells of; NaN for any other. */
export function eventAtMs(body: string): number {
  const { timestamp } = JSON.parse(body) as { readonly timestamp?: unknown };
  return Date.parse(String(timestamp));
}

/** What is told of a job's event, by webhook or otherwise: it will be true for ever. */
export const eventFacts = (job: Pick<Job, 'id' | 'model' | 'metadata'>, event: JobEvent) => ({
  id: job.id,
  model: job.model,
  state: event.to,
  version: event.seq,
  attempt: event.attempt,
  error: event.error,
  metadata: job.metadata,
  url: `/v1/jobs/${job.id}`,
});

/** Deterministic, so that a repeated trigger creates nothing twice. */
export const deliveryId = (jobId: string, seq: number, endpoint: string): string => `${jobId}~${seq}~${endpoint}`;
