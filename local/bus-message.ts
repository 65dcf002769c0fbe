import { CloudEvent, HTTP } from 'cloudevents';
import type { Topic } from '../domain/messages.ts';
import { encodeMessage, EVENT_TYPES } from '../eventarc/events.ts';
import type { FunctionName } from '../eventarc/routes.ts';

/** One message on its way to one function, as the HTTP request that carries it. Every copy and redelivery is the same request. */
export interface Message {
  readonly via: 'topic' | 'document' | 'push';
  readonly name: string;
  readonly function: FunctionName;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly acceptedAtMs: number;
  /** What it says, where another message that says the same does as well: nudges. Null for all others. */
  readonly says: string | null;
}

/** Stands where Google's names have the project's id. */
const PROJECT = 'local';
const subscriptionOf = (name: FunctionName): string => `projects/${PROJECT}/subscriptions/${name}`;

/** A message of a topic as a push subscription of one's own brings it. */
export function pushMessage(to: FunctionName, topic: Topic, message: object, id: string, nowMs: number): Message {
  return {
    via: 'push',
    name: topic,
    function: to,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(encodeMessage(message, id, nowMs, subscriptionOf(to))),
    acceptedAtMs: nowMs,
    says: null,
  };
}

/** A message of a topic as Eventarc brings it: the id of the event is the id of the message. */
export function topicMessage(to: FunctionName, topic: Topic, message: object, id: string, nowMs: number): Message {
  const event = new CloudEvent({
    id,
    type: EVENT_TYPES.message,
    source: `//pubsub.googleapis.com/projects/${PROJECT}/topics/${topic}`,
    time: new Date(nowMs).toISOString(),
    datacontenttype: 'application/json',
    data: encodeMessage(message, id, nowMs, subscriptionOf(to)),
  });
  const says = topic === 'nudges' ? JSON.stringify(message) : null;
  return { via: 'topic', name: topic, function: to, ...binary(event), acceptedAtMs: nowMs, says };
}

/** The creation of a document as Eventarc brings it, with the attributes of Firestore's events; its fields are left out, since handlers read again. */
export function documentMessage(to: FunctionName, path: string, id: string, nowMs: number): Message {
  const event = new CloudEvent({
    id,
    type: EVENT_TYPES.documentCreated,
    source: `//firestore.googleapis.com/projects/${PROJECT}/databases/(default)`,
    subject: `documents/${path}`,
    time: new Date(nowMs).toISOString(),
    datacontenttype: 'application/json',
    project: PROJECT,
    database: '(default)',
    namespace: '(default)',
    document: path,
    data: { value: { name: `projects/${PROJECT}/databases/(default)/documents/${path}` } },
  });
  return { via: 'document', name: path, function: to, ...binary(event), acceptedAtMs: nowMs, says: null };
}

function binary(event: CloudEvent<unknown>): Pick<Message, 'headers' | 'body'> {
  const { headers, body } = HTTP.binary(event);
  return { headers: headers as Record<string, string>, body: body as string };
}

/** Whether a path fits a pattern like `jobs/{jobId}/events/{seq}`: a name in braces stands for one segment, as in Eventarc. */
export function matchesDocument(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const segments = path.split('/');
  return (
    wanted.length === segments.length &&
    wanted.every((segment, index) => /^\{\w+\}$/.test(segment) || segment === segments[index])
  );
}
