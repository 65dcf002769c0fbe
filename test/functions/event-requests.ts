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
