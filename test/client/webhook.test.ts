import { describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { verifyWebhook, WebhookRefusedError, type WebhookBody, type WebhookHeaders } from '../../client/index.ts';
import { signedHeaders } from '../../functions/deliver/sign.ts';

const NOW = Date.UTC(2026, 10, 26, 8);
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OTHER = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
const BODY = JSON.stringify({ type: 'job.succeeded', data: { id: 'j1', note: 'é ✓' } });

/** Headers as the reference implementation signs them. */
function signed(at = NOW, secret = SECRET, body = BODY, id = 'msg_1'): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(at), body),
  };
}
const signature = (secret = SECRET): string => signed(NOW, secret)['webhook-signature'] ?? '';
const MINUTES_5 = 300_000;

describe('a webhook is believed', () => {
  test.each<[string, WebhookHeaders, WebhookBody, string | readonly string[]]>([
    ['as the reference implementation signs it', signed(), BODY, SECRET],
    ['as we sign it', signedHeaders(SECRET, { id: 'msg_1', timestampSeconds: NOW / 1_000, body: BODY }), BODY, SECRET],
    ['in bytes', signed(), new TextEncoder().encode(BODY), SECRET],
    ['in a buffer', signed(), new TextEncoder().encode(BODY).buffer, SECRET],
    ['in a Buffer of Node', signed(), Buffer.from(BODY), SECRET],
    ['with whatever has a get', { get: (name: string) => signed()[name] }, BODY, SECRET],
    [
      'with headers in lists of one',
      Object.fromEntries(Object.entries(signed()).map(([name, value]) => [name, [value]])),
      BODY,
      SECRET,
    ],
    ['with headers of fetch', new Headers(signed()), BODY, SECRET],
    [
      'with headers in capitals',
      Object.fromEntries(Object.entries(signed()).map(([name, value]) => [name.toUpperCase(), value])),
      BODY,
      SECRET,
    ],
    ['at the edge of the past', signed(NOW - MINUTES_5), BODY, SECRET],
    ['at the edge of the future', signed(NOW + MINUTES_5), BODY, SECRET],
    [
      'with another signature before the right one',
      { ...signed(), 'webhook-signature': `${signature(OTHER)} ${signature()}` },
      BODY,
      SECRET,
    ],
    [
      'with a signature of a kind to come',
      { ...signed(), 'webhook-signature': `v2,abc v1a,x ${signature()} ` },
      BODY,
      SECRET,
    ],
    ['with one of two secrets', signed(), BODY, [OTHER, SECRET]],
    ['with a secret without its prefix', signed(), BODY, SECRET.slice('whsec_'.length)],
  ])('%s', async (_, headers, body, secret) => {
    expect(await verifyWebhook(headers, body, secret, { nowMs: NOW })).toEqual(JSON.parse(BODY));
  });
});

describe('a webhook is refused', () => {
  const tampered = (part: string, value: string): Record<string, string> => ({ ...signed(), [part]: value });
  const without = (part: string): WebhookHeaders => ({ ...signed(), [part]: undefined });
  test.each<[string, WebhookHeaders, string, RegExp]>([
    ['with another body', signed(), `${BODY} `, /no signature/],
    ['with another secret', signed(NOW, OTHER), BODY, /no signature/],
    ['with another id', tampered('webhook-id', 'msg_2'), BODY, /no signature/],
    ['with another time', tampered('webhook-timestamp', String(NOW / 1_000 + 1)), BODY, /no signature/],
    ['too old', signed(NOW - MINUTES_5 - 1_000), BODY, /more than 5 minutes old/],
    ['of a time to come', signed(NOW + MINUTES_5 + 1_000), BODY, /of a time to come/],
    ['with a time that is none', tampered('webhook-timestamp', 'now'), BODY, /no time in seconds/],
    ['with a time that is not whole', tampered('webhook-timestamp', `${NOW / 1_000}.5`), BODY, /no time in seconds/],
    ['with a get that finds nothing', { get: () => null }, BODY, /webhook-id is missing/],
    ['with an empty list', { ...signed(), 'webhook-id': [] }, BODY, /webhook-id is missing/],
    ['without an id', without('webhook-id'), BODY, /webhook-id is missing/],
    ['without a time', without('webhook-timestamp'), BODY, /webhook-timestamp is missing/],
    ['without a signature', without('webhook-signature'), BODY, /webhook-signature is missing/],
    ['with the same header twice', { ...signed(), 'webhook-id': ['a', 'b'] }, BODY, /webhook-id is missing/],
    ['with a signature that is cut off', tampered('webhook-signature', signature().slice(0, -4)), BODY, /no signature/],
    ['with a signature of nothing', tampered('webhook-signature', 'v1,'), BODY, /no signature/],
    ['with no base64', tampered('webhook-signature', 'v1,*'), BODY, /no signature/],
    [
      'with the signature as another kind',
      tampered('webhook-signature', signature().replace('v1', 'v2')),
      BODY,
      /no signature/,
    ],
    ['when signed, but no JSON', signed(NOW, SECRET, 'hello'), 'hello', /no JSON/],
  ])('%s', async (_, headers, body, says) => {
    const refused = verifyWebhook(headers, body, SECRET, { nowMs: NOW });
    await expect(refused).rejects.toBeInstanceOf(WebhookRefusedError);
    await expect(refused).rejects.toThrow(says);
  });
});

test.each(['', 'whsec_', 'whsec_*', undefined, null, [], [undefined]])(
  'a secret that can be none is a mistake of its own: %j',
  async (secret) => {
    const verified = verifyWebhook(signed(), BODY, secret as string, { nowMs: NOW });
    await expect(verified).rejects.toThrow(/^secret must be/);
    await expect(verified).rejects.toBeInstanceOf(TypeError);
  },
);

test.each([JSON.parse(BODY), undefined, null, 7])('so is a body that was parsed: %j', async (body) => {
  const verified = verifyWebhook(signed(), body as string, SECRET, { nowMs: NOW });
  await expect(verified).rejects.toThrow(/^body must be the raw body/);
  await expect(verified).rejects.toBeInstanceOf(TypeError);
});

test('so is a time that is none, with which every webhook would be of today', async () => {
  await expect(verifyWebhook(signed(), BODY, SECRET, { nowMs: NaN })).rejects.toThrow(/^nowMs must be a time/);
});
