import { afterEach, describe, expect, test } from '@jest/globals';
import { FirebaseToken, Problem } from '../../domain/contract/http.ts';
import { HOUR } from '../../domain/time.ts';
import { firebaseTokens } from '../../cloud/client-tokens.ts';
import { newAccount } from '../../emulators/account.ts';
import { readCustomToken } from '../../emulators/identity-tokens.ts';
import { removeFolders } from '../local/folder.ts';
import { KEY, OTHER_KEY, serveApi, type TestApi } from './serve-api.ts';

let api: TestApi;
afterEach(async () => {
  await api.stop();
  removeFolders();
});

const account = newAccount('api@test.iam.gserviceaccount.com');

function serveWithFirestore(): Promise<TestApi> {
  const at = { projectId: 'test-project', databaseId: '(default)', endpoints: {}, signer: account };
  return serveApi(({ clock }) => ({ tokens: firebaseTokens({ ...at, clock }) }));
}

describe('POST /v1/tokens/firebase', () => {
  test.each([
    ['acme', {}],
    ['other', { authorization: `Bearer ${OTHER_KEY}` }],
  ])('gives the key’s own tenant, %s, all that it needs to listen', async (tenant, headers) => {
    api = await serveWithFirestore();
    const before = Date.now();
    const answer = await api.send('POST', '/v1/tokens/firebase', { headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const body = FirebaseToken.strict().parse(await answer.json());
    expect(body).toMatchObject({ tenant, projectId: 'test-project', databaseId: '(default)' });
    const untilMs = Date.parse(body.expiresAt);
    expect(untilMs).toBeGreaterThan(before + HOUR - 1_001);
    expect(untilMs).toBeLessThanOrEqual(Date.now() + HOUR);
    expect(readCustomToken(body.token, account, Date.now())).toMatchObject({
      uid: `tenant:${tenant}`,
      claims: { tenant, untilMs },
    });
  });

  test('takes nobody’s word for whose token it makes', async () => {
    api = await serveWithFirestore();
    const answer = await api.send('POST', '/v1/tokens/firebase?tenant=other', { body: { tenant: 'other' } });
    expect(await answer.json()).toMatchObject({ tenant: 'acme' });
  });

  test('says what to do instead where there is no Firestore', async () => {
    api = await serveApi();
    const answer = await api.send('POST', '/v1/tokens/firebase');
    expect(answer.status).toBe(501);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const problem = Problem.parse(await answer.json());
    expect(problem).toMatchObject({ status: 501, code: 'no_listeners', type: 'urn:slipway:problem:no_listeners' });
    expect(problem.detail).toMatch(/Prefer: wait=N.*webhook/);
  });

  test.each([
    ['no key', { authorization: '' }, 'Send your API key'],
    ['an unknown key', { authorization: 'Bearer slw_nobody' }, 'not known'],
  ])('refuses %s', async (_, headers, detail) => {
    api = await serveWithFirestore();
    const answer = await api.send('POST', '/v1/tokens/firebase', { headers });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'unauthenticated', detail: expect.stringContaining(detail) });
  });

  test('tells nothing of why a token could not be signed', async () => {
    api = await serveApi(() => ({ tokens: { make: () => Promise.reject(new Error('of the account')) } }));
    const answer = await api.send('POST', '/v1/tokens/firebase');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('of the account');
    expect(api.log.lines).toHaveLength(1);
    expect(JSON.stringify(api.log.lines)).not.toContain(KEY);
  });
});
