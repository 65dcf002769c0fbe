import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { JobResource } from '../../domain/contract/http.ts';
import { TenantResource } from '../../domain/contract/tenant-api.ts';
import { create, refs, update, type Ref, type Store, type Write } from '../../domain/ports.ts';
import { UnclearError } from '../../domain/errors.ts';
import { MINUTE, SECOND } from '../../domain/time.ts';
import { fillMarked } from '../../functions/steps/places.ts';
import { makeJob } from '../domain/make-job.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';
import { removeFolders } from '../local/folder.ts';
import { OTHER_KEY, serveApi, type TestApi } from './serve-api.ts';

let api: TestApi;
let clock: ManualClock;
let asked: string[];
/** The store fails at its commits from this one of a test on. */
let failFrom: number;
let beforeCommit: (writes: readonly Write[]) => Promise<void>;
beforeEach(async () => {
  clock = manualClock(Date.UTC(2026, 10, 26));
  failFrom = Infinity;
  beforeCommit = async () => undefined;
  api = await serveApi(({ store }) => {
    const commit = async (writes: readonly Write[]): Promise<void> => {
      if ((failFrom -= 1) < 0) throw new UnclearError('the store is down');
      await beforeCommit(writes);
      await store.commit(writes);
    };
    return { clock, store: { ...store, commit } };
  });
});
afterEach(async () => {
  await api.stop();
  removeFolders();
});

const JOB = { model: 'slide-text', input: { text: 'hello' } };
const put = (limits?: object): Promise<Response> =>
  api.send('PUT', '/v1/tenants/acme', { body: { title: 'Acme', ...(limits === undefined ? {} : { limits }) } });
const submit = (headers: Record<string, string> = {}): Promise<Response> =>
  api.send('POST', '/v1/jobs', { body: JOB, headers });
const job = async (answer: Response): Promise<JobResource> => JobResource.parse(await answer.json());

describe('the limits of a tenant', () => {
  test('are set, shown, and taken away by null', async () => {
    const made = TenantResource.parse(await (await put({ running: 2 })).json());
    expect(made.limits).toEqual({ running: 2, queued: null });
    expect(TenantResource.parse(await (await api.send('GET', '/v1/tenants/acme')).json())).toEqual(made);
    await put();
    expect(TenantResource.parse(await (await api.send('GET', '/v1/tenants/acme')).json())).toEqual(made);
    await put({ running: null });
    const read = TenantResource.parse(await (await api.send('GET', '/v1/tenants/acme')).json());
    expect(read.limits).toEqual({ running: null, queued: null });
  });

  test.each([
    [{ running: 0 }, '/limits/running'],
    [{ running: 1_001 }, '/limits/running'],
    [{ queued: 1.5 }, '/limits/queued'],
    [{ waiting: 3 }, '/limits/waiting'],
  ])('%j are refused by the field', async (limits, field) => {
    const answer = await put(limits);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ errors: [{ field }] });
  });

  test('an unknown tenant, and one without limits, has none', async () => {
    expect(await job(await submit())).toMatchObject({ state: 'queued', blocked: null });
    const [first] = (await api.store.query('jobsByTenant', { tenant: 'acme' }, { limit: 1 })).items;
    expect(first?.data).not.toHaveProperty('limited');
  });
});

describe('a running limit', () => {
  test('lets as many jobs into the queue as have a place, and says what the others wait for', async () => {
    await put({ running: 1 });
    const [first, second] = [await job(await submit()), await job(await submit())];
    expect(first.state).toBe('queued');
    expect(second).toMatchObject({
      state: 'blocked',
      blocked: { reason: 'tenant_limit', until: null },
      queuedAt: null,
    });
    expect(api.published).toHaveLength(1);
  });

  test('that is raised, or taken away, queues those that wait', async () => {
    await put({ running: 1 });
    const jobs: string[] = [];
    for (let n = 0; n < 4; n += 1) jobs.push((await job(await submit())).id);
    const states = async (): Promise<string[]> =>
      Promise.all(jobs.map(async (id) => (await api.store.get(refs.job(id)))?.data.state ?? 'gone'));
    expect(await states()).toEqual(['queued', 'blocked', 'blocked', 'blocked']);
    await put({ running: 3 });
    expect((await states()).sort()).toEqual(['blocked', 'queued', 'queued', 'queued']);
    await put({ running: null });
    expect(await states()).toEqual(['queued', 'queued', 'queued', 'queued']);
    expect(api.published).toHaveLength(3);
  });
});

describe('a running limit that is taken away', () => {
  const WAITING = 60;
  async function makeWaiting(): Promise<string[]> {
    await put({ running: 1 });
    const jobs = Array.from({ length: WAITING }, (_, n) =>
      makeJob({ id: `waits${n}`, tenant: 'acme', limited: true, state: 'blocked', reason: 'tenant_limit', rank: n }),
    );
    for (const one of jobs) await api.store.commit([create(refs.job(one.id), one)]);
    return jobs.map(({ id }) => id);
  }
  const queued = async (): Promise<number> =>
    api.store.count('limitedInState', { tenant: 'acme', limited: true, state: 'queued' }, 99);
  const mark = async (): Promise<unknown> => (await api.store.get(refs.tenant('acme')))?.data.fill;
  const marked = async (): Promise<string[]> =>
    (await api.store.query('tenantsToFill', { fill: true }, { limit: 9 })).items.map(({ data }) => data.id);

  test('queues all that wait, however many', async () => {
    await makeWaiting();
    expect((await put({ running: null })).status).toBe(200);
    expect([await queued(), await mark()]).toEqual([WAITING, false]);
    expect(api.published.length).toBeGreaterThan(0);
  });

  test('is answered when its time is up, and whoever goes on by its mark queues the rest', async () => {
    await makeWaiting();
    beforeCommit = async () => clock.set(clock.nowMs() + SECOND);
    expect((await put({ running: null })).status).toBe(200);
    const first = await queued();
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(WAITING);
    expect(await marked()).toEqual(['acme']);
    beforeCommit = async () => undefined;
    expect(await fillMarked(api.deps, 'acme', clock.nowMs() + MINUTE)).toBe(true);
    expect([await queued(), await marked()]).toEqual([WAITING, []]);
  });

  test('is answered where the store fails in the middle, which leaves the mark', async () => {
    await makeWaiting();
    failFrom = 10;
    expect((await put({ running: null })).status).toBe(200);
    failFrom = Infinity;
    expect(await queued()).toBeLessThan(WAITING);
    expect(await marked()).toEqual(['acme']);
    expect(await fillMarked(api.deps, 'acme', clock.nowMs() + MINUTE)).toBe(true);
    expect([await queued(), await marked()]).toEqual([WAITING, []]);
  });

  test('or raised twice at once, queues as many as the second of them lets', async () => {
    await makeWaiting();
    const tenant = refs.tenant('acme');
    beforeCommit = async (writes) => {
      if (!writes.some((write) => write.kind === 'update' && 'fill' in write.patch && write.patch.fill === false))
        return;
      beforeCommit = async () => undefined;
      const read = await api.store.get(tenant);
      if (read === null) return;
      const limits = { running: 4, queued: null };
      await api.store.commit([update(tenant, read, { limits, fill: true })]);
    };
    await put({ running: 2 });
    expect([await queued(), await mark()]).toEqual([4, false]);
  });

  test('that is lowered, or left as it is, marks nobody', async () => {
    await put({ running: 2 });
    await put({ running: 1 });
    await put({ running: 1, queued: 5 });
    expect(await mark()).toBeUndefined();
  });
});

describe('a queued limit', () => {
  test('refuses what is beyond it with 429 and when to come again; of another tenant nothing', async () => {
    await put({ queued: 2 });
    const key = { 'idempotency-key': 'mine' };
    const first = await job(await submit(key));
    await submit();
    const answer = await submit();
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '30']);
    expect(await answer.json()).toMatchObject({ code: 'too_many_jobs' });
    // What was accepted once stays accepted.
    const again = await submit(key);
    expect([again.status, (await job(again)).id]).toEqual([200, first.id]);
    expect((await submit({ authorization: `Bearer ${OTHER_KEY}` })).status).toBe(201);
    await api.send('POST', `/v1/jobs/${first.id}/cancel`);
    expect((await submit()).status).toBe(201);
  });

  test('counts those that wait for a place or for other jobs, too', async () => {
    await put({ running: 1, queued: 3 });
    const first = await job(await submit());
    await submit();
    const child = { body: { ...JOB, dependsOn: [first.id] } };
    expect((await api.send('POST', '/v1/jobs', child)).status).toBe(201);
    expect((await api.send('POST', '/v1/jobs', child)).status).toBe(429);
  });

  test('is read once for all who submit at once', async () => {
    const other = await serveApi(({ store }) => {
      asked = [];
      const get = (ref: Ref): unknown => (asked.push(ref.path), store.get(ref));
      return { store: Object.assign(Object.create(store) as Store, { get }) };
    });
    const sent = Array.from({ length: 20 }, () => other.send('POST', '/v1/jobs', { body: JOB }));
    expect(new Set((await Promise.all(sent)).map(({ status }) => status))).toEqual(new Set([201]));
    expect(asked.filter((path) => path === 'tenants/acme')).toHaveLength(1);
    await other.stop();
  });

  test('that was set by another instance is known a minute later', async () => {
    expect((await submit()).status).toBe(201);
    const tenant = { schema: 1 as const, id: 'acme', title: '', accounts: [], keyChanges: 0, createdAtMs: 0 };
    await api.store.commit([create(refs.tenant('acme'), { ...tenant, limits: { running: null, queued: 1 } })]);
    expect((await submit()).status).toBe(201);
    clock.set(clock.nowMs() + MINUTE);
    expect((await submit()).status).toBe(429);
  });
});

describe('the topic of a tenant’s events', () => {
  test('is asked for, shown, stamped on the jobs made from then on, kept where it is left out, and taken away', async () => {
    const set = (more: object): Promise<Response> =>
      api.send('PUT', '/v1/tenants/acme', { body: { title: 'Acme', ...more } });
    const stampOf = async (answer: Response): Promise<unknown> =>
      (await api.store.get(refs.job((await job(answer)).id)))?.data.eventsTopic;

    expect(TenantResource.parse(await (await set({ eventsTopic: true })).json()).eventsTopic).toBe(true);
    expect(await stampOf(await submit())).toBe(true);
    expect(TenantResource.parse(await (await set({})).json()).eventsTopic).toBe(true);
    expect(TenantResource.parse(await (await set({ eventsTopic: false })).json()).eventsTopic).toBe(false);
    clock.set(clock.nowMs() + MINUTE);
    expect(await stampOf(await submit())).toBeUndefined();
  });
});
