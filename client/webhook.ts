import type { JobError, JobState, WebhookEventType } from '../domain/contract/job.ts';

/** The body of a webhook. `data.version` orders the events of one job; `data.url` is where the job is read. */
export interface WebhookEvent {
  readonly type: WebhookEventType;
  readonly timestamp: string;
  readonly data: {
    readonly id: string;
    readonly model: string;
    readonly state: JobState;
    readonly version: number;
    readonly attempt: number;
    readonly error: JobError | null;
    readonly metadata: Readonly<Record<string, string>>;
    readonly url: string;
  };
}

/** Thrown for a webhook that must not be believed: answer 401 and do nothing. */
export class WebhookRefusedError extends Error {
  override readonly name = 'WebhookRefusedError';
}

/** As they come: of fetch or whatever else has a `get`, of Node's http, or in an object. */
export type WebhookHeaders =
  { get(name: string): string | null | undefined } | Readonly<Record<string, string | readonly string[] | undefined>>;
/** A body as it came. */
export type WebhookBody = string | Uint8Array | ArrayBuffer;

const TOLERANCE_SECONDS = 5 * 60;

/**
 * The event of a webhook whose signature is right and whose time is within five minutes (Standard Webhooks 1.0). It may come
 * more than once: drop a `webhook-id` that you have seen.
 * @param body as it came, byte for byte: what was parsed and written again has another signature
 * @param secret yours, `whsec_...`; several while you change from one to the next
 * @throws WebhookRefusedError; TypeError for a secret, a body or a time that can be none
 */
export async function verifyWebhook(
  headers: WebhookHeaders,
  body: WebhookBody,
  secret: string | readonly string[],
  { nowMs = Date.now() }: { readonly nowMs?: number } = {},
): Promise<WebhookEvent> {
  const keys = await Promise.all([secret].flat().map(keyOf));
  if (keys.length === 0) throw new TypeError(NO_SECRET);
  if (!Number.isFinite(nowMs)) throw new TypeError('nowMs must be a time in milliseconds');
  const bytes = rawOf(body);
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  if (!/^\d{1,12}$/.test(timestamp)) throw new WebhookRefusedError('webhook-timestamp is no time in seconds');
  const age = Math.floor(nowMs / 1_000) - Number(timestamp);
  if (Math.abs(age) > TOLERANCE_SECONDS) {
    throw new WebhookRefusedError(`it is ${age > 0 ? 'more than 5 minutes old' : 'of a time to come'}: ${timestamp}`);
  }
  const signed = joined(`${id}.${timestamp}.`, bytes);
  const signatures = headerOf(headers, 'webhook-signature').split(' ').flatMap(signatureOf);
  for (const signature of signatures) {
    for (const key of keys) {
      // Compares in constant time.
      if (await crypto.subtle.verify('HMAC', key, signature, signed)) return eventOf(bytes);
    }
  }
  throw new WebhookRefusedError('no signature in webhook-signature is right for this body and secret');
}

function headerOf(headers: WebhookHeaders, name: string): string {
  const found = isLookedUp(headers)
    ? headers.get(name)
    : Object.entries(headers).find(([given]) => given.toLowerCase() === name)?.[1];
  // Some gateways give a list of each; of two nobody knows which is meant.
  const values: readonly unknown[] = [found].flat();
  const [value] = values;
  if (values.length !== 1 || typeof value !== 'string' || value === '') {
    throw new WebhookRefusedError(`the header ${name} is missing`);
  }
  return value;
}

const isLookedUp = (headers: WebhookHeaders): headers is { get(name: string): string | null | undefined } =>
  typeof headers.get === 'function';

type HmacKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const NO_SECRET = 'secret must be whsec_ and the base64 of the key';

async function keyOf(secret: unknown): Promise<HmacKey> {
  const bytes = typeof secret === 'string' ? bytesOf(secret.replace(/^whsec_/, '')) : null;
  if (bytes === null || bytes.length === 0) throw new TypeError(NO_SECRET);
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
}

/** The bytes of a `v1,<base64>`; nothing for signatures of a kind we do not know. */
function signatureOf(text: string): Uint8Array<ArrayBuffer>[] {
  const [version, base64 = ''] = text.split(',');
  const bytes = version === 'v1' ? bytesOf(base64) : null;
  return bytes === null ? [] : [bytes];
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function rawOf(body: unknown): Uint8Array {
  if (typeof body === 'string') return new TextEncoder().encode(body);
  if (body instanceof Uint8Array) return body;
  // Of another realm too, as in some test runners.
  if (Object.prototype.toString.call(body) === '[object ArrayBuffer]') return new Uint8Array(body as ArrayBuffer);
  throw new TypeError('body must be the raw body, as it came: text or bytes, not what was parsed');
}

function joined(head: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const first = new TextEncoder().encode(head);
  const all = new Uint8Array(first.length + body.length);
  all.set(first);
  all.set(body, first.length);
  return all;
}

/** Signed, so Slipway's own word. */
function eventOf(body: Uint8Array): WebhookEvent {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as WebhookEvent;
  } catch {
    throw new WebhookRefusedError('the body is signed, but is no JSON');
  }
}
