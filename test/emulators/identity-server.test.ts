import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { firebaseTokens } from '../../cloud/client-tokens.ts';
import { HOUR, MINUTE } from '../../domain/time.ts';
import { newAccount, type Account } from '../../emulators/account.ts';
import { startIdentityServer } from '../../emulators/identity-server.ts';
import type { HttpServer } from '../../emulators/http-server.ts';
import { systemRandom } from '../../host/random.ts';
import { T0 } from '../domain/make-job.ts';
import { manualClock } from '../local/manual-clock.ts';

const account = newAccount('slipway@test.iam.gserviceaccount.com');
const clock = manualClock(T0);
let server: HttpServer;
beforeAll(async () => {
  server = await startIdentityServer({ projectId: 'test', account, clock, random: systemRandom });
});
afterAll(() => server.stop());

type Fields = Record<string, unknown>;
type Reply = Fields & { idToken?: string; refreshToken?: string; error?: { message: string } };

const SIGN_IN = 'identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken';
const LOOK_UP = 'identitytoolkit.googleapis.com/v1/accounts:lookup';
const RENEW = 'securetoken.googleapis.com/v1/token';

async function post(path: string, body: string | URLSearchParams, status = 200): Promise<Reply> {
  const answer = await fetch(`${server.url}/${path}?key=any`, { method: 'POST', body });
  expect(answer.status).toBe(status);
  return (await answer.json()) as Reply;
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const payloadOf = (token: unknown): Fields =>
  JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString('utf8')) as Fields;

/** The very token that the product makes, or one that differs from it in some claims. */
async function customToken(change: Fields = {}, header: Fields = {}, signer: Account = account): Promise<string> {
  const tokens = firebaseTokens({ projectId: 'test', databaseId: '(default)', endpoints: {}, clock, signer: account });
  const made = await tokens.make('acme');
  const text = `${encoded({ alg: 'RS256', ...header })}.${encoded({ ...payloadOf(made?.token), ...change })}`;
  return `${text}.${signer.sign(Buffer.from(text)).toString('base64url')}`;
}

const signIn = async (token: unknown, status?: number): Promise<Reply> =>
  post(SIGN_IN, JSON.stringify({ token, returnSecureToken: true }), status);

const renew = (refreshToken = '', status?: number): Promise<Reply> =>
  post(RENEW, new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }), status);

test('a good custom token becomes an ID token with its claims, whose user can be looked up', async () => {
  clock.set(T0);
  const { idToken, expiresIn } = await signIn(await customToken());
  expect(expiresIn).toBe('3600');
  expect(payloadOf(idToken)).toEqual({
    tenant: 'acme',
    untilMs: T0 + HOUR,
    iss: 'https://securetoken.google.com/test',
    aud: 'test',
    sub: 'tenant:acme',
    user_id: 'tenant:acme',
    auth_time: T0 / 1_000,
    iat: T0 / 1_000,
    exp: T0 / 1_000 + 3_600,
    firebase: { identities: {}, sign_in_provider: 'custom' },
  });
  expect(await post(LOOK_UP, JSON.stringify({ idToken }))).toMatchObject({ users: [{ localId: 'tenant:acme' }] });
});

test('a renewed ID token lives on from now, and its claims and the time of the sign-in are as they were', async () => {
  clock.set(T0);
  const { idToken, refreshToken } = await signIn(await customToken());
  clock.set(T0 + 50 * MINUTE);
  const renewed = await renew(refreshToken);
  const later = T0 / 1_000 + 50 * 60;
  expect(payloadOf(renewed['access_token'])).toEqual({ ...payloadOf(idToken), iat: later, exp: later + 3_600 });
  expect(renewed).toMatchObject({ refresh_token: refreshToken, user_id: 'tenant:acme', project_id: 'test' });
});

describe('a custom token is refused', () => {
  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['that is none', async () => 'a.b', /^INVALID_CUSTOM_TOKEN : it is not a JWT/],
    ['that is missing', async () => undefined, /^INVALID_CUSTOM_TOKEN : it is not a JWT/],
    ['whose payload is no object', async () => `${encoded({})}.${encoded([])}.x`, /it is not a JWT/],
    [
      'whose claims were changed after it was signed',
      async () =>
        (await customToken()).replace(/\.[^.]+\./, `.${encoded(payloadOf(await customToken({ uid: 'x' })))}.`),
      /^INVALID_CUSTOM_TOKEN : its signature is wrong/,
    ],
    ['that another key signed', () => customToken({}, {}, newAccount(account.email)), /its signature is wrong/],
    ['without a signature', async () => (await customToken()).replace(/[^.]+$/, ''), /its signature is wrong/],
    ['that asks for no signature', () => customToken({}, { alg: 'none' }), /not signed with RS256/],
    ['of another account', () => customToken({ iss: 'a@b', sub: 'a@b' }), /^CREDENTIAL_MISMATCH$/],
    ['of one account for another', () => customToken({ sub: 'a@b' }), /^CREDENTIAL_MISMATCH$/],
    ['that is for something else', () => customToken({ aud: 'https://firestore.googleapis.com/' }), /audience/],
    ['that has expired', () => customToken({ iat: T0 / 1_000 - 3_600, exp: T0 / 1_000 }), /expired/],
    ['that is of the future', () => customToken({ iat: T0 / 1_000 + 60, exp: T0 / 1_000 + 120 }), /not valid yet/],
    ['that lives too long', () => customToken({ exp: T0 / 1_000 + 3_601 }), /longer than an hour/],
    ['without an expiry', () => customToken({ exp: undefined }), /longer than an hour/],
    ['without a user', () => customToken({ uid: '' }), /uid must have/],
    ['whose claims are no object', () => customToken({ claims: ['acme'] }), /claims must be an object/],
  ])('%s', async (_, token, message) => {
    clock.set(T0);
    const { error } = await signIn(await token(), 400);
    expect(error?.message).toMatch(message);
  });
});

test('what cannot be renewed or looked up is refused, and so is any other way to sign in', async () => {
  const messages = await Promise.all([
    renew('never-given', 400),
    post(RENEW, new URLSearchParams({ grant_type: 'authorization_code', code: 'x' }), 400),
    post(LOOK_UP, JSON.stringify({ idToken: 'x' }), 400),
    post(LOOK_UP, JSON.stringify({ idToken: `${encoded({})}.${encoded({ sub: 'nobody' })}.` }), 400),
    post(SIGN_IN, '{', 400),
    post('identitytoolkit.googleapis.com/v1/accounts:signUp', '{}', 404),
  ]);
  expect(messages.map(({ error }) => error?.message.split(' ')[0])).toEqual([
    'INVALID_REFRESH_TOKEN',
    'INVALID_GRANT_TYPE',
    'INVALID_ID_TOKEN',
    'USER_NOT_FOUND',
    'INVALID_ARGUMENT',
    'OPERATION_NOT_ALLOWED',
  ]);
});
