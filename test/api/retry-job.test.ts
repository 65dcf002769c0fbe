import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CollectionName } from '../../domain/collections.ts';
import { JobResource, Problem } from '../../domain/contract/http.ts';
import type { Job, JobState } from '../../domain/contract/job.ts';
import { refs, update, type Ref, type Store } from '../../domain/ports.ts';
import { tombstoneOf } from '../../domain/retention.policy.ts';
import { move } from '../../domain/state.ts';
import { DAY } from '../../domain/time.ts';
import { removeFolders } from '../local/folder.ts';
import { OTHER_KEY, serveApi, type TestApi } from './serve-api.ts';

let api: TestApi;
let commits: number;
/** Called with the path of each document that is about to be read. */
let beforeGet: ((path: string) => Promise<void>) | null = null;
beforeEach(async () => {
  commits = 0;
  api = await serveApi(({ store }) => ({
    store: Object.assign(Object.create(store) as Store, {
      commit: async (...args: Parameters<Store['commit']>) => {
        commits += 1;
        await store.commit(...args);
      },
      get: async <C extends CollectionName>(ref: Ref<C>) => {
        await beforeGet?.(ref.path);
        return store.get(ref);
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

async function post(
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<[Response, JobResource]> {
  const answer = await api.send('POST', path, { ...(body === undefined ? {} : { body }), headers });
  return [answer, JobResource.parse(await answer.json())];
}

async function problemOf(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Problem> {
  const answer = await api.send('POST', path, { ...(body === undefined ? {} : { body }), headers });
  return Problem.parse(await answer.json());
}

const stored = async (id: string): Promise<Job> => {
  const read = await api.store.get(refs.job(id));
  if (read === null) throw new Error('no such job');
  return read.data;
};

async function moveTo(id: string, ...states: JobState[]): Promise<void> {
  for (const state of states) {
    const read = await api.store.get(refs.job(id));
    if (read === null) throw new Error('no such job');
    const patch = state === 'succeeded' ? { output: { text: `from ${id}` } } : {};
    await api.store.commit(move(read, state, Date.now(), { patch }));
  }
}

describe('a retry', () => {
  test('is a new job with the same request, the secret of its webhook included, made in one commit', async () => {
    const webhook = { url: 'https://example.com/hook', secret: SECRET, events: ['job.failed'] };
    const limits = { startDeadlineSeconds: 900, runTimeoutSeconds: 30, maxAttempts: 2 };
    const [, old] = await post('/v1/jobs', {
      ...GOOD,
      ...limits,
      webhook,
      priority: 'high',
      metadata: { deck: '7' },
      labels: ['deck:7'],
    });
    await moveTo(old.id, 'running', 'failed');
    commits = 0;
    const [answer, job] = await post(`/v1/jobs/${old.id}/retry`);
    expect([answer.status, answer.headers.get('location'), commits]).toEqual([201, `/v1/jobs/${job.id}`, 1]);
    expect(job.id).not.toBe(old.id);
    const same = {
      model: 'slide-text',
      input: { text: 'hello' },
      priority: 'high',
      metadata: { deck: '7' },
      labels: ['deck:7'],
    };
    expect(job).toMatchObject({ ...same, state: 'queued', attempt: 0, error: null, retryOf: old.id });
    expect(job.webhook).toEqual({ url: webhook.url, events: webhook.events });
    const { createdAtMs, startByMs, runTimeoutMs, maxAttempts } = await stored(job.id);
    expect([startByMs - createdAtMs, runTimeoutMs, maxAttempts]).toEqual([900_000, 30_000, 2]);
    expect((await api.store.get(refs.jobPrivate(job.id)))?.data.webhookSecret).toBe(SECRET);
    expect((await api.store.get(refs.event(job.id, 1)))?.data).toMatchObject({ to: 'queued', open: true });
    expect((await stored(old.id)).state).toBe('failed');
    expect(api.published).toHaveLength(2);
  });

  test('takes what its body changes, and may itself be retried', async () => {
    const [, first] = await post('/v1/jobs', { ...GOOD, labels: ['a'] });
    await moveTo(first.id, 'canceled');
    const changes = { priority: 'low', startDeadlineSeconds: 60, runTimeoutSeconds: 5, maxAttempts: 7, labels: ['b'] };
    const [, second] = await post(`/v1/jobs/${first.id}/retry`, changes);
    expect(second).toMatchObject({ priority: 'low', labels: ['b'], retryOf: first.id });
    const { createdAtMs, startByMs, runTimeoutMs, maxAttempts } = await stored(second.id);
    expect([startByMs - createdAtMs, runTimeoutMs, maxAttempts]).toEqual([60_000, 5_000, 7]);
    await moveTo(second.id, 'expired');
    const [, third] = await post(`/v1/jobs/${second.id}/retry`);
    expect(third).toMatchObject({ retryOf: second.id, labels: ['b'], priority: 'low' });
  });

  test('uses the values that were put into its input, and waits for nobody', async () => {
    const [, parent] = await post('/v1/jobs', GOOD);
    await moveTo(parent.id, 'running', 'succeeded');
    const input = { text: { $output: { job: parent.id, path: '/text' } } };
    const [, child] = await post('/v1/jobs', { model: 'slide-text', input });
    await moveTo(child.id, 'running', 'failed');
    const [, again] = await post(`/v1/jobs/${child.id}/retry`);
    const filled = { text: `from ${parent.id}` };
    expect(again).toMatchObject({ state: 'queued', input: filled, inputFrom: [], dependsOn: [] });
  });

  test('of a job that never got its values waits for them again', async () => {
    const [, parent] = await post('/v1/jobs', GOOD);
    const input = { text: { $output: { job: parent.id, path: '/text' } } };
    const [, child] = await post('/v1/jobs', { model: 'slide-text', input });
    await moveTo(child.id, 'canceled');
    const [, again] = await post(`/v1/jobs/${child.id}/retry`);
    expect(again).toMatchObject({ state: 'blocked', dependsOn: [parent.id], inputFrom: [{ job: parent.id }] });
    expect(await api.store.get(refs.edge(parent.id, again.id))).not.toBeNull();
    await moveTo(parent.id, 'running', 'succeeded');
    const [, late] = await post(`/v1/jobs/${child.id}/retry`);
    expect(late).toMatchObject({ state: 'queued', input: { text: `from ${parent.id}` } });
  });

  test('with a key is made once; the key stands for no other job, change or submission', async () => {
    const [, a] = await post('/v1/jobs', GOOD);
    const [, b] = await post('/v1/jobs', GOOD);
    await moveTo(a.id, 'canceled');
    await moveTo(b.id, 'canceled');
    const headers = { 'Idempotency-Key': 'again' };
    const answers = await Promise.all([1, 2, 3].map(() => post(`/v1/jobs/${a.id}/retry`, undefined, headers)));
    expect(answers.map(([answer]) => answer.status).sort()).toEqual([200, 200, 201]);
    expect(new Set(answers.map(([, job]) => job.id)).size).toBe(1);
    const [replay] = await post(`/v1/jobs/${a.id}/retry`, {}, headers);
    expect([replay.status, replay.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    for (const [path, body] of [
      [`/v1/jobs/${b.id}/retry`, undefined],
      [`/v1/jobs/${a.id}/retry`, { priority: 'low' }],
      ['/v1/jobs', GOOD],
    ] as const) {
      expect((await problemOf(path, body, headers)).code).toBe('idempotency_key_reused');
    }
  });

  test.each<[JobState[], string]>([
    [[], 'queued'],
    [['running'], 'running'],
    [['running', 'canceling'], 'canceling'],
  ])('of a job that has not ended is refused: %j', async (states, state) => {
    const [, job] = await post('/v1/jobs', GOOD);
    await moveTo(job.id, ...states);
    const problem = await problemOf(`/v1/jobs/${job.id}/retry`);
    expect(problem).toMatchObject({ status: 409, code: 'job_not_ended' });
    expect(problem.detail).toContain(`is ${state}`);
  });

  test("of another tenant's job, or of none, is 404", async () => {
    const [, theirs] = await post('/v1/jobs', GOOD, { authorization: `Bearer ${OTHER_KEY}` });
    for (const id of [theirs.id, 'a'.repeat(26), 'x']) {
      expect((await problemOf(`/v1/jobs/${id}/retry`, undefined, { 'Idempotency-Key': 'k' })).status).toBe(404);
    }
  });

  test('is checked like a submission: body, limits, and a webhook whose secret is gone', async () => {
    const webhook = { url: 'https://example.com/hook', secret: SECRET };
    const [, job] = await post('/v1/jobs', { ...GOOD, webhook });
    await moveTo(job.id, 'canceled');
    const path = `/v1/jobs/${job.id}/retry`;
    const fieldsOf = async (body: unknown): Promise<unknown> =>
      (await problemOf(path, body)).errors?.map((e) => e.field);
    expect(await fieldsOf({ input: {}, maxAttempts: 0 })).toEqual(['/maxAttempts', '/input']);
    expect(await fieldsOf({ runTimeoutSeconds: 61 })).toEqual(['/runTimeoutSeconds']);
    const plain = await api.send('POST', path, { body: '{}', headers: { 'content-type': 'text/plain' } });
    expect(plain.status).toBe(415);
    await api.store.commit([{ kind: 'delete', ref: refs.jobPrivate(job.id) }]);
    expect((await problemOf(path)).code).toBe('webhook_refused');
  });

  test('of a job that is purged just then is gone, not a fault of its webhook', async () => {
    const [, job] = await post('/v1/jobs', { ...GOOD, webhook: { url: 'https://example.com/hook', secret: SECRET } });
    await moveTo(job.id, 'canceled');
    const secret = refs.jobPrivate(job.id);
    beforeGet = async (path) => {
      if (path !== secret.path) return;
      beforeGet = null;
      const read = await api.store.get(refs.job(job.id));
      if (read === null) throw new Error('no such job');
      const tombstone = tombstoneOf(read.data, Date.now(), DAY);
      await api.store.commit([update(refs.job(job.id), read, tombstone), { kind: 'delete', ref: secret }]);
    };
    expect(await problemOf(`/v1/jobs/${job.id}/retry`)).toMatchObject({ status: 410, code: 'gone' });
    expect(beforeGet).toBeNull();
  });
});
