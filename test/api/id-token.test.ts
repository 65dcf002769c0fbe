import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { create, refs, type Identity } from '../../domain/ports.ts';
import { MINUTE } from '../../domain/time.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';
import { removeFolders } from '../local/folder.ts';
import { serveApi, type TestApi } from './serve-api.ts';

let api: TestApi;
let clock: ManualClock;
beforeEach(async () => {
  clock = manualClock(Date.UTC(2026, 10, 26));
  api = await serveApi(() => ({ clock }));
});
afterEach(async () => {
  await api.stop();
  removeFolders();
});

const put = (tenant: string, body: object): Promise<Response> => api.send('PUT', `/v1/tenants/${tenant}`, { body });
const as = (key: string) => ({ authorization: `Bearer ${key}` });
const statusAs = async (key: string, method = 'GET', path = '/v1/jobs', body?: object): Promise<number> =>
  (await api.send(method, path, { headers: as(key), ...(body === undefined ? {} : { body }) })).status;
const codeOf = async (answer: Response): Promise<unknown> => ((await answer.json()) as { code: unknown }).code;

describe('an ID token in the place of a key', () => {
  const JWT = 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln';
  const served = async (identity: Identity | null): Promise<{ verified: () => number }> => {
    await api.stop();
    let verified = 0;
    const verify = async (): Promise<Identity | null> => ((verified += 1), identity);
    api = await serveApi(() => ({ clock, idTokens: { verify } }));
    return { verified: () => verified };
  };
  const account = (email: string): Identity => ({ kind: 'account', email, endsAtMs: clock.nowMs() + 30_000 });
  const job = { model: 'slide-text', input: { text: 'hello' } };

  test('of an account that one tenant names submits and reads for it, is judged once in its time, and makes no keys', async () => {
    const { verified } = await served(account('ci@lab.example'));
    await put('lab', { title: 'Lab', accounts: ['ci@lab.example'] });
    expect(await statusAs(JWT, 'POST', '/v1/jobs', job)).toBe(201);
    expect(await statusAs(JWT)).toBe(200);
    expect(await statusAs(JWT, 'GET', '/v1/tenants')).toBe(403);
    expect(verified()).toBe(1);
    clock.set(clock.nowMs() + 30_000);
    expect(await statusAs(JWT)).toBe(401);
    expect((await api.store.query('jobsByTenant', { tenant: 'lab' }, { limit: 9 })).items).toHaveLength(1);
  });

  test('of an account is the account’s in whatever case it is written', async () => {
    await served(account('CI@Lab.Example'));
    const answer = await put('lab', { title: 'Lab', accounts: ['Ci@lab.example', 'ci@LAB.example'] });
    expect(await answer.json()).toMatchObject({ accounts: ['ci@lab.example'] });
    expect(await statusAs(JWT)).toBe(200);
  });

  test('of an account that an earlier build stored as it was written is found by that', async () => {
    await served(account('CI@Lab.Example'));
    const stored = { schema: 1 as const, id: 'lab', title: 'Lab', keyChanges: 0, createdAtMs: 0 };
    await api.store.commit([create(refs.tenant('lab'), { ...stored, accounts: ['CI@Lab.Example'] })]);
    expect(await statusAs(JWT)).toBe(200);
  });

  test('of an account that no tenant names, or several do, is told so', async () => {
    await served(account('ci@lab.example'));
    expect(await statusAs(JWT)).toBe(403);
    for (const tenant of ['lab', 'other-lab']) await put(tenant, { title: tenant, accounts: ['ci@lab.example'] });
    const answer = await api.send('GET', '/v1/jobs', { headers: as(JWT) });
    expect([answer.status, await codeOf(answer)]).toEqual([403, 'forbidden']);
  });

  test('of a program that signed in as its tenant reads, and does nothing else', async () => {
    await served({ kind: 'tenant', tenant: 'acme', endsAtMs: clock.nowMs() + MINUTE });
    const made = await api.send('POST', '/v1/jobs', { body: job });
    const { id } = (await made.json()) as { id: string };
    expect(await statusAs(JWT)).toBe(200);
    expect(await statusAs(JWT, 'GET', `/v1/jobs/${id}`)).toBe(200);
    expect(await statusAs(JWT, 'POST', '/v1/jobs', job)).toBe(403);
    expect(await statusAs(JWT, 'GET', '/v1/tenants')).toBe(403);
    // A token would outlive the sign-in, and one of Firebase would renew it for ever.
    for (const path of ['/v1/tokens/firebase', `/v1/jobs/${id}/tokens`]) {
      const answer = await api.send('POST', path, { headers: as(JWT) });
      expect([path, answer.status, await answer.json()]).toEqual([
        path,
        403,
        expect.objectContaining({ code: 'forbidden', detail: expect.stringMatching(/Ask with a key/) }),
      ]);
    }
  });

  test('that is not good is none, and is looked for among no keys', async () => {
    await served(null);
    expect(await statusAs(JWT)).toBe(401);
  });
});
