import { PoisonEventError } from '../domain/errors.ts';

/** The CloudEvent types that arrive here; the first two are Google's, the third is sweep's own call with ids. */
export const EVENT_TYPES = {
  message: 'google.cloud.pubsub.topic.v1.messagePublished',
  documentCreated: 'google.cloud.firestore.document.v1.created',
  due: 'slipway.sweep.due',
} as const;

/** The body of a Pub/Sub push, and the data of a `messagePublished` CloudEvent. */
export interface PushEnvelope {
  readonly message: { readonly data: string; readonly messageId: string; readonly publishTime: string };
  readonly subscription: string;
}

/** Decodes a push body or event data. @throws PoisonEventError if it is no envelope around a JSON object */
export function decodeMessage(envelope: unknown): Record<string, unknown> {
  const data = (envelope as Partial<PushEnvelope> | null)?.message?.data;
  if (typeof data !== 'string') throw new PoisonEventError('no message.data');
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data, 'base64').toString('utf8'));
  } catch {
    throw new PoisonEventError('message.data is not base64 of JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PoisonEventError('message.data is not a JSON object');
  }
  return value as Record<string, unknown>;
}

/** Encodes a message as Pub/Sub would push it. */
export function encodeMessage(message: object, id: string, nowMs: number, subscription: string): PushEnvelope {
  return {
    message: {
      data: Buffer.from(JSON.stringify(message)).toString('base64'),
      messageId: id,
      publishTime: new Date(nowMs).toISOString(),
    },
    subscription,
  };
}

/** The job and version of `jobs/{jobId}/events/{seq}`, from a CloudEvent's `document` attribute. @throws PoisonEventError */
export function decodeEventPath(document: unknown): { jobId: string; seq: number } {
  const match = typeof document === 'string' ? /^jobs\/([a-z0-9]+)\/events\/(\d+)$/.exec(document) : null;
  if (match?.[1] === undefined || match[2] === undefined) throw new PoisonEventError('not the path of a job event');
  return { jobId: match[1], seq: Number(match[2]) };
}
