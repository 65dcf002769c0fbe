import { createHmac } from 'node:crypto';

/** What is signed; `id` must have no dot, or the signature would fit another split too. */
export interface Signed {
  readonly id: string;
  readonly timestampSeconds: number;
  readonly body: string;
}

/**
 * The headers of Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`.
 * @param secret `whsec_` and the base64 of the key
 */
export function signedHeaders(secret: string, { id, timestampSeconds, body }: Signed): Record<string, string> {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestampSeconds}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': `v1,${signature}`,
  };
}
