import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { googleIdTokens } from '../../cloud/id-tokens.ts';
import { UnavailableError } from '../../domain/errors.ts';
import type { IdTokens } from '../../domain/ports.ts';
import { newAccount, type Account } from '../../emulators/account.ts';
import { systemClock } from '../../host/clock.ts';

const google = newAccount('google');
const firebase = newAccount('firebase');
const stranger = newAccount('stranger');
const FIREBASE = 'https://securetoken.google.com/test';
const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

let server: Server;
let asked: string[];
let status: number;
let tokens: IdTokens;
beforeEach(async () => {
  [asked, status] = [[], 200];
  server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const { publicKey } = url === '/google' ? google : firebase;
    const headers = { 'content-type': 'application/json', 'cache-control': 'public, max-age=3600' };
    response.writeHead(status, headers).end(JSON.stringify({ k1: publicKey }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  tokens = googleIdTokens({
    projectId: 'test',
    audiences: ['https://api.example.com'],
    clock: systemClock,
    certificates: { google: `${at}/google`, firebase: `${at}/firebase` },
    callMs: 20_000,
  });
});
afterEach(() => {
  server.close().closeAllConnections();
});

const nowS = Math.floor(Date.now() / 1_000);
function tokenOf(by: Account, claims: object, header: object = {}): string {
  const text = `${encoded({ alg: 'RS256', typ: 'JWT', kid: 'k1', ...header })}.${encoded({ iat: nowS, exp: nowS + 3_600, ...claims })}`;
  return `${text}.${by.sign(Buffer.from(text)).toString('base64url')}`;
}
const ACCOUNT = {
  iss: 'https://accounts.google.com',
  aud: 'https://api.example.com',
  email: 'ci@lab.iam.gserviceaccount.com',
  email_verified: true,
};
const SIGNED_IN = { iss: FIREBASE, aud: 'test', sub: 'tenant:lab', tenant: 'lab', untilMs: (nowS + 60) * 1_000 };

describe('an ID token', () => {
  test('of a Google account tells the account, and its list of certificates is asked for once', async () => {
    for (let times = 0; times < 3; times += 1) {
      expect(await tokens.verify(tokenOf(google, ACCOUNT))).toEqual({
        kind: 'account',
        email: ACCOUNT.email,
        endsAtMs: (nowS + 3_600) * 1_000,
      });
    }
    expect(asked).toEqual(['/google']);
  });

  test('of a program that signed in with a tenant’s token tells the tenant, for as long as that token was good', async () => {
    expect(await tokens.verify(tokenOf(firebase, SIGNED_IN))).toEqual({
      kind: 'tenant',
      tenant: 'lab',
      endsAtMs: SIGNED_IN.untilMs,
    });
  });

  test.each<[string, () => string]>([
    ['signed by another', () => tokenOf(stranger, ACCOUNT)],
    ['of Google’s, signed by Firebase', () => tokenOf(firebase, ACCOUNT)],
    ['of Firebase’s, signed by Google', () => tokenOf(google, SIGNED_IN)],
    ['for another audience', () => tokenOf(google, { ...ACCOUNT, aud: 'https://other.example.com' })],
    ['for another project', () => tokenOf(firebase, { ...SIGNED_IN, aud: 'other' })],
    ['of another issuer', () => tokenOf(google, { ...ACCOUNT, iss: 'https://accounts.example.com' })],
    ['that has ended', () => tokenOf(google, { ...ACCOUNT, iat: nowS - 9_000, exp: nowS - 5_400 })],
    ['of later days', () => tokenOf(google, { ...ACCOUNT, iat: nowS + 3_000, exp: nowS + 6_000 })],
    ['that lives for a year', () => tokenOf(google, { ...ACCOUNT, exp: nowS + 31_536_000 })],
    ['with an unproved address', () => tokenOf(google, { ...ACCOUNT, email_verified: false })],
    ['with no address', () => tokenOf(google, { ...ACCOUNT, email: undefined })],
    ['by an unknown key', () => tokenOf(google, ACCOUNT, { kid: 'k2' })],
    ['unsigned', () => tokenOf(google, ACCOUNT, { alg: 'none' }).replace(/[^.]*$/, '')],
    [
      'changed after it was signed',
      () =>
        tokenOf(google, ACCOUNT).replace(
          /\.[^.]+\./,
          `.${encoded({ ...ACCOUNT, iat: nowS, exp: nowS + 60, email: 'me@example.com' })}.`,
        ),
    ],
    ['of a sign-in that was none of ours', () => tokenOf(firebase, { ...SIGNED_IN, tenant: undefined })],
    ['that is none', () => 'eyJhbGciOiJSUzI1NiJ9.e30.x'],
    ['that is no JSON', () => 'eyJ.%%.'],
  ])('%s is not good', async (_, token) => {
    expect(await tokens.verify(token())).toBeNull();
  });

  test('cannot be judged while the certificates cannot be had, which is no fault of its own', async () => {
    status = 503;
    await expect(tokens.verify(tokenOf(google, ACCOUNT))).rejects.toBeInstanceOf(UnavailableError);
  });
});
