import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { JobList, JobResource, ModelResource, Problem } from '../../domain/contract/http.ts';
import type { Job, JobState } from '../../domain/contract/job.ts';
import { refs, update } from '../../domain/ports.ts';
import { move } from '../../domain/state.ts';
import { DAY, HOUR, SECOND } from '../../domain/time.ts';
import { purgeJob } from '../../functions/steps/purge.ts';
import { settleEvent } from '../../functions/steps/settle.ts';
import { T0 } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';
import { OTHER_KEY, serveApi, type TestApi } from './serve-api.ts';

let api: TestApi;
let clock: ManualClock;
beforeEach(async () => {
  clock = manualClock(T0);
  api = await serveApi(() => ({ metrics: { settled: async () => undefined, gauges: async () => undefined } }), clock);
});
afterEach(async () => {
  await api.stop();
  removeFolders();
});

const GOOD = { model: 'slide-text', input: { text: 'hello' } };

async function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> {
  const answer = await api.send(method, path, { ...(body === undefined ? {} : { body }), headers });
  return { status: answer.status, body: await answer.json() };
}

const submit = async (more: object = {}, headers: Record<string, string> = {}): Promise<JobResource> =>
  JobResource.parse((await send('POST', '/v1/jobs', { ...GOOD, ...more }, headers)).body);
const get = async (id: string): Promise<JobResource> => JobResource.parse((await send('GET', `/v1/jobs/${id}`)).body);
const problem = async (...asked: Parameters<typeof send>): Promise<Problem> =>
  Problem.parse((await send(...asked)).body);

/** Ends a job and settles all its events. */
async function end(id: string, ...states: JobState[]): Promise<void> {
  for (const state of states) {
    const read = await api.store.get(refs.job(id));
    if (read === null) throw new Error('no such job');
    await api.store.commit(move(read, state, clock.nowMs(), { patch: { output: { text: 'made' } } }));
  }
  for (let seq = 1; seq <= states.length + 1; seq += 1) {
    await settleEvent({ ...api.deps, bus: { publish: async () => undefined } }, id, seq);
  }
}

/** A job that was kept for an hour, which is over. */
async function purged(more: object = {}, headers: Record<string, string> = {}): Promise<string> {
  const { id } = await submit({ ...more, retentionSeconds: 3_600 }, headers);
  await end(id, 'running', 'succeeded');
  clock.set(clock.nowMs() + HOUR);
  await purgeJob(api.deps, id);
  return id;
}

describe('the times of a job', () => {
  test('are four, each of its own, and its end says until when it is kept', async () => {
    const asked = { startDeadlineSeconds: 900, runTimeoutSeconds: 30, retentionSeconds: 7_200 };
    const { id, times, purgeAt } = await submit(asked);
    expect(times).toEqual({ ...asked, startupTimeoutSeconds: 300 });
    expect(purgeAt).toBeNull();
    clock.set(T0 + 60 * SECOND);
    await end(id, 'canceled');
    expect((await get(id)).purgeAt).toBe(new Date(T0 + 60 * SECOND + 2 * HOUR).toISOString());
  });

  test('are those that its model tells of unless it asks for others', async () => {
    const { times } = ModelResource.parse((await send('GET', '/v1/models/slide-text')).body);
    expect(times).toEqual({
      startDeadlineSeconds: 86_400,
      startupTimeoutSeconds: 300,
      runTimeoutSeconds: 60,
      retentionSeconds: (30 * DAY) / SECOND,
    });
    expect((await submit()).times).toEqual(times);
    expect((await submit({ notBefore: new Date(T0 + DAY).toISOString() })).times).toEqual(times);
  });

  test('are shown of a job of an older build too, which is kept for 30 days', async () => {
    const { id } = await submit();
    const read = await api.store.get(refs.job(id));
    if (read === null) throw new Error('no such job');
    const older: Job = { ...read.data };
    delete older.retentionMs;
    await api.store.commit([{ kind: 'delete', ref: refs.job(id) }]);
    await api.store.commit([{ kind: 'create', ref: refs.job(id), data: older }]);
    expect((await get(id)).times.retentionSeconds).toBe((30 * DAY) / SECOND);
    await end(id, 'canceled');
    expect((await get(id)).purgeAt).toBe(new Date(T0 + 30 * DAY).toISOString());
  });

  test('go on to a retry, unless it asks for others', async () => {
    const { id } = await submit({ retentionSeconds: 7_200 });
    await end(id, 'canceled');
    const retry = async (body: object): Promise<number> =>
      JobResource.parse((await send('POST', `/v1/jobs/${id}/retry`, body)).body).times.retentionSeconds;
    expect(await retry({})).toBe(7_200);
    expect(await retry({ retentionSeconds: 86_400 })).toBe(86_400);
  });

  test.each([3_599, 365 * 86_400 + 1, 3_600.5, '3600', null])(
    'a retention is a whole number of seconds from an hour to 365 days, and %p is none',
    async (retentionSeconds) => {
      expect(await problem('POST', '/v1/jobs', { ...GOOD, retentionSeconds })).toMatchObject({
        status: 422,
        code: 'invalid_input',
        errors: [expect.objectContaining({ field: '/retentionSeconds' })],
      });
    },
  );
});

describe('a job that was purged', () => {
  const ASKS = [
    ['GET', ''],
    ['POST', '/cancel'],
    ['POST', '/retry'],
    ['POST', '/tokens'],
    ['GET', '/logs'],
    ['GET', '/events'],
    ['GET', '/explain'],
  ] as const;

  test.each(ASKS)('is gone, and its tenant is told since when: %s /v1/jobs/{id}%s', async (method, path) => {
    const id = await purged();
    expect(await problem(method, `/v1/jobs/${id}${path}`)).toMatchObject({
      status: 410,
      code: 'gone',
      detail: expect.stringContaining(`Job ${id} was deleted at ${new Date(T0 + HOUR).toISOString()}`),
    });
  });

  test.each(ASKS)('never was, to another tenant: %s /v1/jobs/{id}%s', async (method, path) => {
    const id = await purged();
    const headers = { authorization: `Bearer ${OTHER_KEY}` };
    expect(await problem(method, `/v1/jobs/${id}${path}`, undefined, headers)).toMatchObject({
      status: 404,
      detail: `There is no job "${id}".`,
    });
  });

  test('is gone to a read token too', async () => {
    const { id } = await submit({ retentionSeconds: 3_600 });
    const { body } = await send('POST', `/v1/jobs/${id}/tokens`);
    const { token } = body as { token: string };
    await end(id, 'canceled');
    // Half an hour before its token ends, which is made at the same time as the job.
    const read = await api.store.get(refs.job(id));
    if (read === null) throw new Error('no such job');
    await api.store.commit([update(refs.job(id), read, { purgeAtMs: T0 })]);
    await purgeJob(api.deps, id);
    const answer = await fetch(`${api.url}/v1/jobs/${id}?token=${token}`);
    expect(answer.status).toBe(410);
  });

  test('is in no list, and counts for nobody', async () => {
    const [id, { id: other }] = [await purged({ labels: ['a'] }), await submit({ labels: ['a'] })];
    for (const query of ['', '?state=succeeded', '?model=slide-text', '?pool=pool', '?label=a']) {
      const { items } = JobList.parse((await send('GET', `/v1/jobs${query}`)).body);
      expect(items.map((item) => item.id)).not.toContain(id);
      if (query === '') expect(items.map((item) => item.id)).toEqual([other]);
    }
  });

  test('still holds its idempotency key: 410 to the same body, 422 to another, and a new job to no one', async () => {
    const headers = { 'idempotency-key': 'deck-7' };
    const id = await purged({}, headers);
    const same = { ...GOOD, retentionSeconds: 3_600 };
    expect(await problem('POST', '/v1/jobs', same, headers)).toMatchObject({ status: 410, code: 'gone' });
    const reused = { status: 422, code: 'idempotency_key_reused' };
    expect(await problem('POST', '/v1/jobs', GOOD, headers)).toMatchObject(reused);
    // Also where there is more against it than the key.
    expect(await problem('POST', '/v1/jobs', { ...GOOD, model: 'none' }, headers)).toMatchObject(reused);
    expect((await api.store.get(refs.job(id)))?.data.tombstone).toBeDefined();
    clock.set(T0 + HOUR + 30 * DAY);
    await purgeJob(api.deps, id);
    const anew = await send('POST', '/v1/jobs', GOOD, headers);
    expect([anew.status, (anew.body as JobResource).id]).toEqual([201, id]);
  });

  test('is nothing to depend on, and says that it is gone', async () => {
    const id = await purged();
    expect(await problem('POST', '/v1/jobs', { ...GOOD, dependsOn: [id] })).toMatchObject({
      status: 422,
      code: 'unknown_dependency',
      errors: [{ field: '/dependsOn/0', message: expect.stringContaining(`job ${id} was deleted at`) }],
    });
  });

  test('leaves its retry whole', async () => {
    const { id } = await submit({ retentionSeconds: 3_600 });
    await end(id, 'canceled');
    const { body } = await send('POST', `/v1/jobs/${id}/retry`);
    clock.set(T0 + HOUR);
    await purgeJob(api.deps, id);
    const retry = await get((body as JobResource).id);
    expect(retry).toMatchObject({ state: 'queued', input: GOOD.input, retryOf: id });
  });
});
