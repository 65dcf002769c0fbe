import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { JobResource, Problem } from '../../domain/contract/http.ts';
import { JobPlanResource } from '../../domain/contract/plan.ts';
import type { Slot } from '../../domain/contract/slot.ts';
import type { Job } from '../../domain/contract/job.ts';
import type { Queue } from '../../domain/contract/model.ts';
import { create, refs, slotId, type Store } from '../../domain/ports.ts';
import { newSlot } from '../../domain/slot.policy.ts';
import { HOUR } from '../../domain/time.ts';
import { makeJob, T0 } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { OTHER_KEY, CATALOGUE, serveApi, type TestApi } from './serve-api.ts';

let api: TestApi;
let commits: number;
const asked: { shape: string; limit: number; fields?: readonly string[] | undefined }[] = [];
/** One L4 with 4 CPUs and 16 GiB. */
const PER_SECOND = 0.0001867 + 4 * 0.000018 + 16 * 0.000002;
beforeEach(async () => {
  commits = 0;
  api = await serveApi(({ store }) => ({
    store: Object.assign(Object.create(store) as Store, {
      commit: async (...args: Parameters<Store['commit']>) => {
        commits += 1;
        await store.commit(...args);
      },
      query: async (...args: Parameters<Store['query']>) => {
        asked.push({ shape: args[0], limit: args[2].limit, fields: args[2].fields });
        return store.query(...args);
      },
    }),
  }));
});
afterEach(async () => {
  await api.stop();
  removeFolders();
});

const GOOD = { model: 'slide-text', input: { text: 'hello' } };
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

async function plan(body: object): Promise<JobPlanResource> {
  const answer = await api.send('POST', '/v1/jobs:plan', { body });
  expect(answer.status).toBe(200);
  return JobPlanResource.parse(await answer.json());
}

async function submit(body: object = GOOD): Promise<JobResource> {
  return JobResource.parse(await (await api.send('POST', '/v1/jobs', { body })).json());
}

/** A job that has ended at T0 + n after it ran 2 n seconds and cost n cents; cold ones booted 20 s, 5 of them the model's. */
async function ran(
  model: string,
  n: number,
  { cold = false, ...over }: Partial<Job> & { cold?: boolean },
): Promise<void> {
  const attempt = {
    attempt: 1,
    slot: 'pool@local~0',
    fence: 1,
    execution: 'e',
    cold,
    bootMs: cold ? 20_000 : null,
    loadMs: cold ? 5_000 : null,
    idleMs: 0,
    startedAtMs: T0 - n * 2_000,
    endedAtMs: T0,
    outcome: 'succeeded' as const,
    error: null,
  };
  const usd = { bootUsd: 0, computeUsd: n / 100, idleUsd: 0, totalUsd: n / 100 };
  const job = makeJob({
    id: `${model}${over.tenant ?? ''}${over.state ?? ''}${n}`.replaceAll('-', ''),
    tenant: 'acme',
    model,
    state: 'succeeded',
    createdAtMs: T0 + n,
    finishedAtMs: T0 + n,
    attempts: [attempt],
    cost: { hardware: 'l4', ...usd, priceDate: '2026-11-01', verified: true },
    ...over,
  });
  await api.store.commit([create(refs.job(job.id), job)]);
}

async function slot(patch: Partial<Slot>): Promise<void> {
  await api.store.commit([
    create(refs.slot(slotId('pool@local', 0)), { ...newSlot('pool@local', 0), fence: 1, ...patch }),
  ]);
}

describe('a dry run', () => {
  test('says where the job would go, when, for how long and at what price, and from what it knows that', async () => {
    const job = await plan(GOOD);
    expect(job).toMatchObject({
      model: 'slide-text',
      pool: 'pool',
      queues: ['pool@local'],
      blocked: null,
      backlog: 0,
      // What the queue and the model declare; nobody has measured anything.
      expected: {
        basis: { wait: 'model', boot: 'model', run: 'model', cost: 'model' },
        waitSeconds: 1,
        bootSeconds: 1,
        runSeconds: 10,
        price: { hardware: 'l4' },
      },
      history: { jobs: 0, from: null, to: null, runSeconds: null, bootSeconds: null, loadSeconds: null, costUsd: null },
    });
    expect(job.expected.costUsd).toBeCloseTo(11 * PER_SECOND, 10);
  });

  test('reckons with the jobs and the workers that are there', async () => {
    await slot({ state: 'ready', jobs: [] });
    expect(await plan(GOOD)).toMatchObject({
      expected: { waitSeconds: 0, bootSeconds: 0 },
    });
    for (let n = 0; n < 3; n += 1) await submit();
    expect(await plan(GOOD)).toMatchObject({ backlog: 3, expected: { waitSeconds: 5, bootSeconds: 0 } });
    // Another tenant's are behind the same jobs, and learn of them no more than how long that may be.
    const theirs = await api.send('POST', '/v1/jobs:plan', {
      body: GOOD,
      headers: { authorization: `Bearer ${OTHER_KEY}` },
    });
    expect(await theirs.json()).toMatchObject({ backlog: 0, expected: { waitSeconds: 5 } });
  });

  // RunPod's documentation of its batches: "cost estimation before finalization is not available" (reference/features.md).
  test('reckons with what the own last jobs of this model took and cost', async () => {
    for (let n = 1; n <= 3; n += 1) await ran('slide-text', n, { cold: n < 3 });
    const few = await plan(GOOD);
    expect(few.history).toMatchObject({
      jobs: 3,
      from: new Date(T0 + 1).toISOString(),
      to: new Date(T0 + 3).toISOString(),
      runSeconds: { median: 4, p90: 6 },
      bootSeconds: null,
      costUsd: { median: 0.02, p90: 0.03 },
    });
    // Two boots are too few; the pool has other models, so that the jobs ahead may be of those.
    expect(few.expected).toMatchObject({
      basis: { wait: 'model', boot: 'model', run: 'history', cost: 'model' },
      bootSeconds: 1,
      runSeconds: 4,
    });
    await ran('slide-text', 4, { cold: true });
    const enough = await plan(GOOD);
    expect(enough.history).toMatchObject({ jobs: 4, bootSeconds: { median: 20 }, loadSeconds: { median: 5 } });
    expect(enough.expected).toMatchObject({
      basis: { wait: 'model', boot: 'history', run: 'history', cost: 'history' },
      bootSeconds: 20,
      runSeconds: 5,
      waitSeconds: 20,
    });
    expect(enough.expected.costUsd).toBeCloseTo(25 * PER_SECOND, 10);
  });

  test('where its pool has no other model, those ahead of it are reckoned so too', async () => {
    for (let n = 1; n <= 3; n += 1) await ran('slide-text', n, { cold: true });
    const queue = { ...CATALOGUE.queues.get('pool@local'), models: ['slide-text'] } as Queue;
    const alone = await serveApi(() => ({
      store: api.store,
      catalogue: { ...CATALOGUE, queues: new Map([['pool@local', queue]]) },
    }));
    for (let n = 0; n < 2; n += 1) await submit();
    const planned = JobPlanResource.parse(await (await alone.send('POST', '/v1/jobs:plan', { body: GOOD })).json());
    // The 20 s of a boot and two runs of 4 s, told as coarsely as a wait is.
    expect(planned.expected).toMatchObject({ basis: { wait: 'history' }, waitSeconds: 50 });
    await alone.stop();
  });

  test('learns nothing of another tenant, of another model, nor of jobs that did not succeed', async () => {
    for (let n = 1; n <= 3; n += 1) {
      await ran('slide-text', n, { tenant: 'other' });
      await ran('form', n, {});
      await ran('slide-text', n, { state: 'failed' });
    }
    expect((await plan(GOOD)).history.jobs).toBe(0);
  });

  test('reads its last 20 jobs, of each what it takes, and no more', async () => {
    for (let n = 1; n <= 30; n += 1) await ran('slide-text', n, {});
    asked.length = 0;
    const { history } = await plan(GOOD);
    expect(history).toMatchObject({ jobs: 20, from: new Date(T0 + 11).toISOString(), runSeconds: { median: 41 } });
    expect(asked.filter(({ shape }) => shape === 'jobsByTenantModelState')).toMatchObject([
      { limit: 20, fields: ['attempts', 'cost', 'finishedAtMs'] },
    ]);
  });

  test('tells a key that may not read nothing of what jobs took', async () => {
    for (let n = 1; n <= 3; n += 1) await ran('slide-text', n, {});
    await api.send('PUT', '/v1/tenants/acme', { body: { title: 'Acme' } });
    const made = await api.send('POST', '/v1/tenants/acme/keys', { body: { name: 'ci', scopes: ['submit'] } });
    const { key } = (await made.json()) as { key: string };
    const answer = await api.send('POST', '/v1/jobs:plan', { body: GOOD, headers: { authorization: `Bearer ${key}` } });
    expect(await answer.json()).toMatchObject({
      history: { jobs: 0, runSeconds: null },
      expected: { basis: { run: 'model' } },
    });
  });

  test('says what the job would wait for first', async () => {
    const parent = await submit();
    const notBefore = new Date(Date.now() + HOUR).toISOString();
    expect((await plan({ ...GOOD, notBefore })).blocked).toEqual({ reason: 'not_before', until: notBefore });
    expect((await plan({ ...GOOD, notBefore, dependsOn: [parent.id] })).blocked).toEqual({
      reason: 'dependency',
      until: null,
    });
  });

  test('stores nothing and tells nobody, with webhook, dependency and key or without', async () => {
    const parent = await submit();
    const jobs = await (await api.send('GET', '/v1/jobs')).text();
    commits = 0;
    api.published.length = 0;
    const webhook = { url: 'https://example.com/hook', secret: SECRET };
    const body = { ...GOOD, webhook, dependsOn: [parent.id] };
    const headers = { 'Idempotency-Key': 'k' };
    expect((await api.send('POST', '/v1/jobs:plan', { body, headers })).status).toBe(200);
    expect((await api.send('POST', '/v1/jobs:plan', { body: { ...body, model: 'form' } })).status).toBe(422);
    expect([commits, api.published]).toEqual([0, []]);
    expect(await (await api.send('GET', '/v1/jobs')).text()).toBe(jobs);
    expect((await api.store.query('children', { parent: parent.id }, { limit: 1 })).items).toEqual([]);
    // Its key has not been used up either.
    expect((await api.send('POST', '/v1/jobs', { body: GOOD, headers })).status).toBe(201);
  });

  test.each<[string, object, string, string[]]>([
    [
      'of every part of the request',
      {
        model: 'form',
        input: { text: 'x', count: 0, page: { $output: { job: 'b'.repeat(26), path: '' } }, more: { $output: 7 } },
        dependsOn: ['a'.repeat(26)],
        webhook: { url: 'http://169.254.169.254/', secret: SECRET },
        notBefore: '2999-01-01T00:00:00Z',
        runTimeoutSeconds: 3_600,
      },
      'invalid_input',
      [
        '/input/more/$output',
        '/input/more',
        '/input/text',
        '/input/count',
        '/runTimeoutSeconds',
        '/notBefore',
        '/webhook/url',
        '/input/page/$output/job',
        '/dependsOn/0',
      ],
    ],
    [
      'of the request itself and, all the same, of the input',
      { model: 'form', input: { text: 'x', count: 1 }, priority: 'urgent', colour: 'red' },
      'invalid_input',
      ['/priority', '/colour', '/input/text'],
    ],
    [
      'beside a model that there is not',
      { ...GOOD, model: 'slide', dependsOn: ['a'.repeat(26)] },
      'unknown_model',
      ['/model', '/dependsOn/0'],
    ],
  ])('lists every violation, %s, as a submission does', async (_, body, code, fields) => {
    for (const path of ['/v1/jobs:plan', '/v1/jobs']) {
      const answer = await api.send('POST', path, { body });
      const problem = Problem.parse(await answer.json());
      expect([answer.status, problem.code]).toEqual([422, code]);
      expect(problem.errors?.map(({ field }) => field)).toEqual(fields);
      expect(problem.detail).toContain(`(and ${fields.length - 1} more)`);
    }
    expect(commits).toBe(0);
  });

  test.each(['GET', 'PUT', 'DELETE'])('takes no %s', async (method) => {
    expect((await api.send(method, '/v1/jobs:plan')).status).toBe(405);
  });
});
