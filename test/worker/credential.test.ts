import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MINUTE } from '../../domain/time.ts';
import { identityToken } from '../../emulators/metadata-server.ts';
import { newAccount } from '../../emulators/account.ts';
import { accountCredential } from '../../gpu-job/credential.ts';
import { DoorFailure } from '../../gpu-job/door-errors.ts';
import { manualClock } from '../local/manual-clock.ts';

const account = newAccount('worker@test.iam.gserviceaccount.com');
const T0 = Date.UTC(2026, 10, 26);
const clock = manualClock(T0);
let server: Server;
let host: string;
let asked: { url: string; flavor: unknown }[];
let answer: () => { status: number; text: string };

beforeEach(async () => {
  asked = [];
  clock.set(T0);
  answer = () => ({ status: 200, text: identityToken(account, 'https://door/', clock.nowMs()) });
  server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', flavor: request.headers['metadata-flavor'] });
    const { status, text } = answer();
    response.writeHead(status).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => void server.close());

test('a token for the door is asked for once, and again five minutes before it ends', async () => {
  const credential = accountCredential('https://door/', clock, host);
  const tokens = await Promise.all([credential(), credential()]);
  expect(tokens[0]).toBe(tokens[1]);
  clock.set(T0 + 54 * MINUTE);
  expect(await credential()).toBe(tokens[0]);
  expect(asked).toEqual([
    {
      url: '/computeMetadata/v1/instance/service-accounts/default/identity?audience=https%3A%2F%2Fdoor%2F&format=full',
      flavor: 'Google',
    },
  ]);
  clock.set(T0 + 55 * MINUTE);
  expect(await credential()).not.toBe(tokens[0]);
  expect(asked).toHaveLength(2);
});

test.each([
  ['answers something else', () => ({ status: 503, text: 'not now' }), /answered 503/],
  ['is not there', null, /ECONNREFUSED/],
])(
  'while the metadata server %s a call fails as one that may be repeated, and is repeated with success',
  async (_, bad, says) => {
    const good = answer;
    if (bad !== null) answer = bad;
    const credential = accountCredential('https://door/', clock, bad === null ? '127.0.0.1:1' : host);
    await expect(credential()).rejects.toThrow(says);
    await expect(credential()).rejects.toBeInstanceOf(DoorFailure);
    if (bad === null) return;
    answer = good;
    expect(await credential()).toMatch(/^ey/);
  },
);

test('a token that cannot be read is used, and asked for again the next time', async () => {
  answer = () => ({ status: 200, text: 'opaque\n' });
  const credential = accountCredential('https://door/', clock, host);
  expect([await credential(), await credential()]).toEqual(['opaque', 'opaque']);
  expect(asked).toHaveLength(2);
});
