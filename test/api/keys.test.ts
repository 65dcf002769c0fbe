import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { JobResource } from '../../domain/contract/http.ts';
import { KeyList, NewKeyResource, TenantList, TenantResource } from '../../domain/contract/tenant-api.ts';
import { MINUTE } from '../../domain/time.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';
import { removeFolders } from '../local/folder.ts';
import { create, refs } from '../../domain/ports.ts';
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

const put = (tenant: string, body: object = { title: 'A team' }): Promise<Response> =>
  api.send('PUT', `/v1/tenants/${tenant}`, { body });
const make = async (tenant: string, body: object): Promise<NewKeyResource> =>
  NewKeyResource.parse(await (await api.send('POST', `/v1/tenants/${tenant}/keys`, { body })).json());
const as = (key: string) => ({ authorization: `Bearer ${key}` });
const statusAs = async (key: string, method = 'GET', path = '/v1/jobs', body?: object): Promise<number> =>
  (await api.send(method, path, { headers: as(key), ...(body === undefined ? {} : { body }) })).status;
const codeOf = async (answer: Response): Promise<unknown> => ((await answer.json()) as { code: unknown }).code;

describe('a tenant', () => {
  test('is made, read, changed and listed by id', async () => {
    expect((await put('beta')).status).toBe(201);
    const made = await put('alpha', { title: 'Alpha', accounts: ['a@example.com'] });
    expect(made.status).toBe(201);
    const changed = await put('alpha', { title: 'Alpha two' });
    expect(changed.status).toBe(200);
    const read = TenantResource.parse(await (await api.send('GET', '/v1/tenants/alpha')).json());
    expect(read).toEqual(TenantResource.parse(await changed.json()));
    expect(read).toMatchObject({ id: 'alpha', title: 'Alpha two', accounts: ['a@example.com'] });

    const first = TenantList.parse(await (await api.send('GET', '/v1/tenants?limit=1')).json());
    expect(first.items.map(({ id }) => id)).toEqual(['alpha']);
    const rest = await api.send('GET', `/v1/tenants?cursor=${first.next ?? ''}`);
    expect(TenantList.parse(await rest.json()).items.map(({ id }) => id)).toEqual(['beta']);
  });

  test('keeps what a change leaves out', async () => {
    await put('alpha', { title: 'Alpha', accounts: ['a@example.com'], limits: { running: 2, queued: 9 } });
    const changed = async (body: object): Promise<unknown> => (await put('alpha', body)).json();
    expect(await changed({ limits: { running: 3 } })).toMatchObject({
      title: 'Alpha',
      accounts: ['a@example.com'],
      limits: { running: 3, queued: 9 },
    });
    expect(await changed({ limits: { running: null } })).toMatchObject({ limits: { running: null, queued: 9 } });
    expect(await changed({ accounts: [] })).toMatchObject({ accounts: [], limits: { running: null, queued: 9 } });
    expect(await changed({})).toMatchObject({ title: 'Alpha', accounts: [], limits: { running: null, queued: 9 } });
  });

  test('that is new needs a title', async () => {
    const answer = await put('alpha', { accounts: [] });
    expect([answer.status, await answer.json()]).toEqual([
      422,
      expect.objectContaining({
        code: 'invalid_input',
        errors: [{ field: '/title', message: 'is needed for a new tenant' }],
      }),
    ]);
  });

  test('made by many at once is made once', async () => {
    const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await put('alpha')).status));
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 200)).toHaveLength(7);
  });

  test.each([
    ['GET', '/v1/tenants/nobody', undefined],
    ['POST', '/v1/tenants/nobody/keys', { name: 'x' }],
    ['GET', '/v1/tenants/nobody/keys', undefined],
    ['DELETE', '/v1/tenants/nobody/keys/x', undefined],
  ])('that is not there is 404: %s %s', async (method, path, body) => {
    const answer = await api.send(method, path, body === undefined ? {} : { body });
    expect([answer.status, await codeOf(answer)]).toEqual([404, 'not_found']);
  });

  test.each(['Lab', 'No%20Name', '7', 'a'.repeat(41)])('cannot be called %s, and the rule is told', async (id) => {
    const answer = await put(id);
    expect([answer.status, await answer.json()]).toEqual([
      422,
      expect.objectContaining({
        code: 'invalid_input',
        errors: [
          { field: 'tenant', message: expect.stringMatching(/lower-case letters, digits and hyphens, 40 at most/) },
        ],
      }),
    ]);
    expect((await api.send('GET', `/v1/tenants/${id}`)).status).toBe(404);
  });

  test('with a field that is none is refused by its name', async () => {
    const answer = await put('alpha', { title: '', accounts: ['no address'], more: 1 });
    expect(answer.status).toBe(422);
    const { errors } = (await answer.json()) as { errors: { field: string }[] };
    expect(errors.map(({ field }) => field).sort()).toEqual(['/accounts/0', '/more', '/title']);
  });
});

describe('a key', () => {
  beforeEach(() => put('alpha'));

  test('is shown once, is stored as a hash alone, and is good for what its scopes say', async () => {
    const { key, ...shown } = await make('alpha', { name: 'ci', scopes: ['read'] });
    expect(key).toContain(shown.id);
    const listed = KeyList.parse(await (await api.send('GET', '/v1/tenants/alpha/keys')).json());
    expect(listed.items).toEqual([shown]);
    const { items } = await api.store.query('keysOfTenant', { tenant: 'alpha' }, { limit: 9 });
    expect(JSON.stringify(items)).not.toContain(key.slice(-20));

    const job = { model: 'slide-text', input: { text: 'hello' } };
    expect(await statusAs(key)).toBe(200);
    expect(await statusAs(key, 'POST', '/v1/jobs', job)).toBe(403);
    expect(await statusAs(key, 'GET', '/v1/tenants')).toBe(403);
    const submitter = await make('alpha', { name: 'submitter', scopes: ['submit'] });
    expect(await statusAs(submitter.key, 'POST', '/v1/jobs', job)).toBe(201);
    expect(await statusAs(submitter.key)).toBe(403);
  });

  test('of scope submit alone is not shown what a job was given, and what came of it', async () => {
    const { key } = await make('alpha', { name: 'submitter', scopes: ['submit'] });
    const both = await make('alpha', { name: 'both', scopes: ['submit', 'read'] });
    const body = { model: 'slide-text', input: { text: 'hello' } };
    const asked = async (path: string, of: string, more = {}): Promise<JobResource> =>
      JobResource.parse(
        await (await api.send('POST', path, { headers: { ...as(of), 'idempotency-key': path }, ...more })).json(),
      );
    const made = await asked('/v1/jobs', both.key, { body });
    expect(made).toMatchObject({ input: body.input, inputFrom: [] });
    const hidden = { input: null, inputFrom: [], output: null, artifacts: [], attempts: [] };
    for (const path of ['/v1/jobs', `/v1/jobs/${made.id}/cancel`, `/v1/jobs/${made.id}/retry`]) {
      const shown = await asked(path, key, path === '/v1/jobs' ? { body } : {});
      expect([path, shown]).toEqual([path, expect.objectContaining({ model: 'slide-text', ...hidden })]);
    }
  });

  test('that may not do a thing is told what is missing, before its body is read', async () => {
    const { key } = await make('alpha', { name: 'ci', scopes: ['read', 'submit'] });
    const answer = await api.send('PUT', '/v1/tenants/alpha', { headers: as(key), body: 'no JSON' });
    expect([answer.status, await answer.json()]).toEqual([
      403,
      expect.objectContaining({
        code: 'forbidden',
        detail: expect.stringMatching(/scope admin; yours has read and submit/),
      }),
    ]);
  });

  test('takes over from another of its name: two live at a time, a third is refused with the ids of both', async () => {
    const [old, fresh] = [await make('alpha', { name: 'ci' }), await make('alpha', { name: 'ci' })];
    expect([await statusAs(old.key), await statusAs(fresh.key)]).toEqual([200, 200]);
    const third = await api.send('POST', '/v1/tenants/alpha/keys', { body: { name: 'ci' } });
    expect(third.status).toBe(409);
    const { detail } = (await third.json()) as { detail: string };
    for (const { id } of [old, fresh]) expect(detail).toContain(id);
    expect((await api.send('DELETE', `/v1/tenants/alpha/keys/${old.id}`)).status).toBe(204);
    expect((await api.send('DELETE', `/v1/tenants/alpha/keys/${old.id}`)).status).toBe(404);
    expect((await api.send('POST', '/v1/tenants/alpha/keys', { body: { name: 'ci' } })).status).toBe(201);
  });

  test('of one name, asked for by many at once, is made twice at most', async () => {
    const body = { name: 'ci' };
    const asked = Array.from({ length: 8 }, () => api.send('POST', '/v1/tenants/alpha/keys', { body }));
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(2);
    expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([]);
  });

  test('that is taken away is good for a minute at most in an instance that knows it, and nowhere else', async () => {
    const { key, id } = await make('alpha', { name: 'ci' });
    const unknown = await make('alpha', { name: 'other' });
    expect(await statusAs(key)).toBe(200);
    await api.send('DELETE', `/v1/tenants/alpha/keys/${id}`);
    await api.send('DELETE', `/v1/tenants/alpha/keys/${unknown.id}`);
    expect(await statusAs(unknown.key)).toBe(401);
    clock.set(clock.nowMs() + MINUTE - 1);
    expect(await statusAs(key)).toBe(200);
    clock.set(clock.nowMs() + 1);
    expect(await statusAs(key)).toBe(401);
  });

  test('with an end is good until then and not a moment longer, though the instance knows it', async () => {
    const { key, endsAt } = await make('alpha', { name: 'ci', endsInSeconds: 60 });
    expect(endsAt).toBe(new Date(clock.nowMs() + MINUTE).toISOString());
    clock.set(clock.nowMs() + MINUTE - 1);
    expect(await statusAs(key)).toBe(200);
    clock.set(clock.nowMs() + 1);
    expect(await statusAs(key)).toBe(401);
    expect((await make('alpha', { name: 'ci' })).name).toBe('ci');
  });

  test('without scopes, as the first builds stored them, submits and reads, and is no admin', async () => {
    const hash = createHash('sha256').update('slw_of-the-first-build').digest('hex');
    await api.store.commit([create(refs.key(hash), { schema: 1, tenant: 'alpha', createdAtMs: 0 })]);
    const job = { model: 'slide-text', input: { text: 'hello' } };
    expect(await statusAs('slw_of-the-first-build', 'POST', '/v1/jobs', job)).toBe(201);
    expect(await statusAs('slw_of-the-first-build')).toBe(200);
    expect(await statusAs('slw_of-the-first-build', 'GET', '/v1/tenants')).toBe(403);
  });

  test('behind two hundred that were stored otherwise is listed, counted and taken away', async () => {
    const made = await make('alpha', { name: 'ci' });
    // As a build of before stored them, or a person: without an id, and older than the key.
    const others = Array.from({ length: 201 }, (_, i) =>
      create(refs.key(`other-${i}`), { schema: 1, tenant: 'alpha', createdAtMs: 0 }),
    );
    for (let i = 0; i < others.length; i += 50) await api.store.commit(others.slice(i, i + 50));
    const listed = KeyList.parse(await (await api.send('GET', '/v1/tenants/alpha/keys')).json());
    expect(listed.items.map(({ id }) => id)).toEqual([made.id]);
    const more = await api.send('POST', '/v1/tenants/alpha/keys', { body: { name: 'more' } });
    expect([more.status, await more.json()]).toEqual([
      409,
      expect.objectContaining({
        code: 'too_many_keys',
        detail: expect.stringMatching(/alpha has 202 keys, 200 at most/),
      }),
    ]);
    expect((await api.send('DELETE', `/v1/tenants/alpha/keys/${made.id}`)).status).toBe(204);
    expect(await statusAs(made.key)).toBe(401);
  });

  test('of one tenant shows nothing of another', async () => {
    await put('beta');
    const [alpha, beta] = [await make('alpha', { name: 'a' }), await make('beta', { name: 'b' })];
    const body = { model: 'slide-text', input: { text: 'hello' } };
    const { id } = (await (await api.send('POST', '/v1/jobs', { body, headers: as(alpha.key) })).json()) as {
      id: string;
    };
    expect(await statusAs(alpha.key, 'GET', `/v1/jobs/${id}`)).toBe(200);
    expect(await statusAs(beta.key, 'GET', `/v1/jobs/${id}`)).toBe(404);
    expect(await statusAs(beta.key, 'POST', `/v1/jobs/${id}/cancel`)).toBe(404);
  });
});
