import { createHmac } from 'node:crypto';
import type { OutboundRequest, OutboundResponse } from '../../domain/ports.ts';

export const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
export const WEBHOOK_URL = 'https://receiver.example/hook';

/** One try as it left here, whether or not it arrived. */
export interface Sent {
  readonly id: string;
  readonly timestamp: number;
  readonly body: string;
}

/** One request as it arrived. */
export interface Received extends Sent {
  readonly status: number;
}

/** Somebody's webhook endpoint, which knows nothing of us but Standard Webhooks and the secret. */
export class Receiver {
  readonly sends: Sent[] = [];
  readonly received: Received[] = [];
  readonly #statuses: number[];
  readonly #onWrong: (why: string) => void;

  /** @param statuses how it answers at first; 200 when there is none left */
  constructor(statuses: readonly number[], onWrong: (why: string) => void) {
    this.#statuses = [...statuses];
    this.#onWrong = onWrong;
  }

  sent(request: OutboundRequest): void {
    this.sends.push(sentOf(request));
  }

  receive(request: OutboundRequest): OutboundResponse {
    const { id, timestamp, body } = sentOf(request);
    const key = Buffer.from(WEBHOOK_SECRET.slice('whsec_'.length), 'base64');
    const wanted = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
    if (request.headers['webhook-signature'] !== wanted) this.#onWrong(`the signature of ${id} is wrong`);
    if (request.url !== WEBHOOK_URL) this.#onWrong(`${id} was sent to ${request.url}`);
    const status = this.#statuses.shift() ?? 200;
    this.received.push({ id, timestamp, body, status });
    return { status, headers: {}, body: new Uint8Array() };
  }
}

const sentOf = ({ headers, body = '' }: OutboundRequest): Sent => ({
  id: headers['webhook-id'] ?? '',
  timestamp: Number(headers['webhook-timestamp']),
  body,
});
