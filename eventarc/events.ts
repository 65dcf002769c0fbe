/** The CloudEvent types that arrive here; the first two are Google's, the third is sweep's own call with ids. */
export const EVENT_TYPES = {
  message: 'google.cloud.pubsub.topic.v1.messagePublished',
  documentCreated: 'google.cloud.firestore.document.v1.created',
  due: 'slipway.sweep.due',
} as const;

/** The body of a Pub/Sub push, and the data of a `messagePublished` CloudEvent. */
export interface PushEnvelope {
  readonly message: {
    readonly data: string;
    readonly messageId: string;
    readonly publishTime: string;
    readonly attributes?: Readonly<Record<string, string>>;
  };
  readonly subscription: string;
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
