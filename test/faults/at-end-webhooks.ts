import type { Job, JobEvent, WebhookEventType } from '../../domain/contract/job.ts';
import type { Documents } from './documents.ts';
import type { Received, Sent } from './receiver.ts';

/** What a receiver was told, against what happened. */
export interface ToldView {
  readonly documents: Documents;
  readonly sends: readonly Sent[];
  readonly received: readonly Received[];
  /** Tries that the schedule has. */
  readonly mostTries: number;
}

/** What is wrong with the webhooks of a run (reliability.md §8: I10, I11, I12). */
export function webhookFaults(view: ToldView): string[] {
  const owed = owedIn(view.documents);
  return [
    ...[...owed.keys()].flatMap((id) =>
      view.received.some((one) => one.id === id && one.status < 300) ? [] : [`I10: ${id} was never delivered`],
    ),
    ...[...Map.groupBy(view.sends, ({ id }) => id)].flatMap(([id, sends]) => triesFaults(view, id, sends)),
    ...view.received.flatMap((one) => contentFaults(owed.get(one.id), one)),
  ];
}

type Owed = ReadonlyMap<string, { readonly job: Job; readonly event: JobEvent }>;

/** The events whose job asked to be told of them, by the id that their webhooks must have. */
function owedIn(documents: Documents): Owed {
  const owed = new Map<string, { job: Job; event: JobEvent }>();
  for (const { data: event } of documents.in('events')) {
    const job = documents.get(`jobs/${event.jobId}`)?.data as Job;
    const type = `job.${event.to === 'running' ? 'started' : event.to}` as WebhookEventType;
    if (job.webhook?.events.includes(type) === true) owed.set(`evt_${job.id}_${event.seq}`, { job, event });
  }
  return owed;
}

function triesFaults({ mostTries }: ToldView, id: string, sends: readonly Sent[]): string[] {
  const faults: string[] = [];
  if (sends.length > mostTries) faults.push(`I11: ${id} was sent ${sends.length} times, of ${mostTries}`);
  if (new Set(sends.map(({ body }) => body)).size > 1) faults.push(`I11: the body of ${id} is not the same each time`);
  if (sends.some(({ timestamp }, index) => timestamp < (sends[index - 1]?.timestamp ?? 0))) {
    faults.push(`I11: the timestamps of ${id} go back`);
  }
  return faults;
}

function contentFaults(owed: { job: Job; event: JobEvent } | undefined, { id, body }: Received): string[] {
  if (owed === undefined) return [`I12: ${id} was sent, and is owed to nobody`];
  const { job, event } = owed;
  const { type, data } = JSON.parse(body) as { type: string; data: Record<string, unknown> };
  const told = {
    type,
    id: data['id'],
    state: data['state'],
    version: data['version'],
    attempt: data['attempt'],
    error: data['error'],
  };
  const is = {
    type: `job.${event.to === 'running' ? 'started' : event.to}`,
    id: job.id,
    state: event.to,
    version: event.seq,
    attempt: event.attempt,
    error: event.error,
  };
  return JSON.stringify(told) === JSON.stringify(is)
    ? []
    : [`I12: ${id} says ${JSON.stringify(told)}, and what happened is ${JSON.stringify(is)}`];
}
