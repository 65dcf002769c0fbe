import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { newAccount } from '../../emulators/account.ts';
import { identityToken } from '../../emulators/metadata-server.ts';
import { platformGuard } from '../../functions/http/platform-guard.ts';
import { manualClock } from '../local/manual-clock.ts';

const T0 = Date.UTC(2026, 10, 26);
const sweep = newAccount('sweep@test.iam.gserviceaccount.com');
const other = newAccount('other@test.iam.gserviceaccount.com');
const guard = platformGuard({
  callers: [sweep.email, 'eventarc@test.iam.gserviceaccount.com'],
  clock: manualClock(T0),
});

const request = (authorization: string | undefined, more: object = {}): IncomingMessage =>
  ({
    method: 'POST',
    headers: { ...(authorization === undefined ? {} : { authorization }) },
    ...more,
  }) as IncomingMessage;
const token = (account = sweep, nowMs = T0): string => identityToken(account, 'https://dispatch/', nowMs);
const claiming = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

test('an account of this deployment is let in, also when Cloud Run has taken its signature off', async () => {
  await guard(request(`Bearer ${token()}`));
  const [head, body] = token().split('.');
  await guard(request(`Bearer ${head}.${body}.SIGNATURE_REMOVED_BY_GOOGLE`));
});

test.each<[string, string | undefined]>([
  ['no token', undefined],
  ['an empty one', 'Bearer '],
  ['another scheme', `Basic ${token()}`],
  ['what is no token', 'Bearer abc'],
  ['a token of another account', `Bearer ${token(other)}`],
  ['one that has ended', `Bearer ${token(sweep, T0 - 3_600_000)}`],
  [
    'an address that nobody has verified',
    `Bearer ${claiming({ email: sweep.email, email_verified: false, exp: 9e9 })}`,
  ],
  ['no address', `Bearer ${claiming({ email_verified: true, exp: 9e9 })}`],
  ['no end', `Bearer ${claiming({ email: sweep.email, email_verified: true })}`],
  ['claims that are no JSON', 'Bearer a.%%%.c'],
])('anybody else is not: %s', async (_, authorization) => {
  await expect(guard(request(authorization))).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('the token that is read must be the one that Cloud Run has checked', async () => {
  const headers = {
    authorization: `Bearer ${claiming({ email: sweep.email, email_verified: true, exp: 9e9 })}`,
    'x-serverless-authorization': `Bearer ${token(other)}`,
  };
  await expect(guard(request(undefined, { headers }))).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('what is let in is held to what such a function takes', async () => {
  const authorization = `Bearer ${token()}`;
  await expect(guard(request(authorization, { method: 'GET' }))).rejects.toMatchObject({ code: 'method_not_allowed' });
  const huge = { headers: { authorization, 'content-length': String(1e9) } };
  await expect(guard(request(undefined, huge))).rejects.toMatchObject({ code: 'body_too_large' });
});
