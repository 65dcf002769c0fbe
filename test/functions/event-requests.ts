import { CloudEvent } from 'cloudevents';
import { encodeMessage, EVENT_TYPES } from '../../eventarc/events.ts';
import type { ServedFunction } from '../../functions/served-function.ts';
import { T0 } from '../domain/make-job.ts';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** A message of a topic, as Eventarc brings it. */
export function messageEvent(message: object, nowMs: number, more: object = {}): CloudEvent<unknown> {
  return new CloudEvent<unknown>({
    id: 'm1',
    type: EVENT_TYPES.message,
    source: '//pubsub.googleapis.com/projects/p/topics/nudges',
    time: new Date(nowMs).toISOString(),
    data: bytes(encodeMessage(message, 'm1', T0, 's')),
    ...more,
  });
}

/** Bytes that somebody published to a topic of requests, as Eventarc brings them. */
export function publishedEvent(
  data: string | Uint8Array,
  nowMs: number,
  { topic = 'job-requests-acme', id = 'm1', attributes = {}, ...more }: Published = {},
): CloudEvent<unknown> {
  const message = { data: Buffer.from(data).toString('base64'), messageId: id, publishTime: '', attributes };
  const source = `//pubsub.googleapis.com/projects/p/topics/${topic}`;
  return messageEvent({}, nowMs, { id, source, data: bytes({ message, subscription: 's' }), ...more });
}

export interface Published {
  readonly topic?: string;
  readonly id?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly data?: Uint8Array;
  readonly type?: string;
}

/** A created document, in the form of JSON. */
export function documentEvent(path: string, nowMs: number, more: object = {}): CloudEvent<unknown> {
  return new CloudEvent<unknown>({
    id: 'd1',
    type: EVENT_TYPES.documentCreated,
    source: '//firestore.googleapis.com/projects/p/databases/(default)',
    time: new Date(nowMs).toISOString(),
    document: path,
    data: bytes({ value: { name: `projects/p/databases/(default)/documents/${path}` } }),
    ...more,
  });
}

/** Ids from sweep. */
export function dueEvent(ids: object, nowMs: number): CloudEvent<unknown> {
  const time = new Date(nowMs).toISOString();
  return new CloudEvent<unknown>({ id: 's1', type: EVENT_TYPES.due, source: 'sweep', time, data: bytes(ids) });
}

export async function handle(served: ServedFunction, event: CloudEvent<unknown>): Promise<void> {
  if (served.kind !== 'cloudEvent') throw new Error('not an event function');
  await served.handler(event);
}
