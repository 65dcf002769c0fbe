import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { JobPlanResource, JobResource, Problem } from '../../domain/contract/http.ts';
import type { Slot } from '../../domain/contract/slot.ts';
import { create, refs, slotId, type Store } from '../../domain/ports.ts';
import { newSlot } from '../../domain/slot.policy.ts';
import { HOUR } from '../../domain/time.ts';
import { removeFolders } from '../local/folder.ts';
import { serveApi, type TestApi } from './serve-api.ts';

let api: TestApi;
let commits: number;
beforeEach(async () => {
  commits = 0;
  api = await serveApi(({ store }) => ({
    store: Object.assign(Object.create(store) as Store, {
      commit: async (...args: Parameters<Store['commit']>) => {
        commits += 1;
        await store.commit(...args);
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
      expected: { basis: 'declared', waitSeconds: 1, bootSeconds: 1, runSeconds: 10, price: { hardware: 'l4' } },
      history: { jobs: 0 },
      target: { workers: 1, reason: 'first_worker' },
    });
    expect(job.expected.costUsd).toBeCloseTo(11 * (0.0001867 + 4 * 0.000018 + 16 * 0.000002), 10);
  });

  test('reckons with the jobs and the workers that are there', async () => {
    await slot({ state: 'ready', jobs: [] });
    expect(await plan(GOOD)).toMatchObject({
      expected: { waitSeconds: 0, bootSeconds: 0 },
      target: { workers: 1, reason: 'at_max' },
    });
    for (let n = 0; n < 3; n += 1) await submit();
    expect(await plan(GOOD)).toMatchObject({ backlog: 3, expected: { waitSeconds: 3, bootSeconds: 0 } });
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
