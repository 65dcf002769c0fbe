import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { JobResource, Problem } from '../../domain/contract/http.ts';
import { refs, type Due } from '../../domain/ports.ts';
import { move } from '../../domain/state.ts';
import { DAY, MINUTE, SECOND } from '../../domain/time.ts';
import type { Deps } from '../../functions/deps.ts';
import { dispatchDue } from '../../functions/dispatch.ts';
import { settleEvent } from '../../functions/steps/settle.ts';
import { sweepOnce } from '../../functions/sweep.ts';
import { removeFolders } from '../local/folder.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';
import { serveApi, type TestApi } from './serve-api.ts';

const T = Date.UTC(2026, 10, 26, 9);
let api: TestApi;
let clock: ManualClock;

beforeEach(async () => {
  clock = manualClock(T);
  const launcher: Deps['launcher'] = {
    aliveSinceMs: null,
    launch: async () => ({ kind: 'failed', reason: 'capacity', message: 'none here' }),
    cancel: async () => undefined,
    status: async () => 'unknown',
    find: async () => [],
  };
  const metrics = { settled: async () => undefined, gauges: async () => undefined };
  api = await serveApi(() => ({ launcher, metrics }), clock);
});
afterEach(async () => {
  await api.stop();
  removeFolders();
});

const GOOD = { model: 'slide-text', input: { text: 'hello' } };
const at = (ms: number): string => new Date(ms).toISOString();

async function submit(body: object): Promise<JobResource> {
  const answer = await api.send('POST', '/v1/jobs', { body: { ...GOOD, ...body } });
  expect(answer.status).toBe(201);
  return JobResource.parse(await answer.json());
}

const get = async (id: string): Promise<JobResource> =>
  JobResource.parse(await (await api.send('GET', `/v1/jobs/${id}`)).json());

/** The real sweep, which hands to the real dispatch. */
async function sweepAt(ms: number): Promise<void> {
  clock.set(ms);
  const calls = {
    due: async (to: string, ids: Due[keyof Due]) => {
      if (to === 'dispatch') await dispatchDue(api.deps, ids as Due['dispatch']);
    },
  };
  await sweepOnce({ ...api.deps, calls }, MINUTE);
}

async function succeed(id: string): Promise<void> {
  for (const state of ['running', 'succeeded'] as const) {
    const read = await api.store.get(refs.job(id));
    if (read === null) throw new Error('no such job');
    await api.store.commit(move(read, state, clock.nowMs(), { patch: { output: { text: 'done' } } }));
  }
  await settleEvent(api.deps, id, 3);
}

describe('a job with notBefore', () => {
  test('waits for its time, is queued by the first sweep from then on, and counts its start deadline from it', async () => {
    const job = await submit({ notBefore: at(T + 10 * MINUTE), startDeadlineSeconds: 300 });
    expect(job).toMatchObject({
      state: 'blocked',
      blocked: { reason: 'not_before', until: at(T + 10 * MINUTE) },
      notBefore: at(T + 10 * MINUTE),
      startBy: at(T + 15 * MINUTE),
      queuedAt: null,
    });
    expect(api.published).toEqual([]);
    await sweepAt(T + 10 * MINUTE - 1);
    expect((await get(job.id)).state).toBe('blocked');
    await sweepAt(T + 10 * MINUTE);
    expect(await get(job.id)).toMatchObject({
      state: 'queued',
      blocked: null,
      queuedAt: at(T + 10 * MINUTE),
      version: 2,
    });
    expect(api.published).toContainEqual({ queue: 'pool@local' });
    await sweepAt(T + 15 * MINUTE);
    expect((await get(job.id)).state).toBe('expired');
  });

  test('has no better place in the queue for having been asked for early', async () => {
    const early = await submit({ notBefore: at(T + MINUTE) });
    clock.set(T + 30 * SECOND);
    const now = await submit({});
    const rankOf = async (id: string): Promise<number> => (await api.store.get(refs.job(id)))?.data.rank ?? NaN;
    expect(await rankOf(early.id)).toBeGreaterThan(await rankOf(now.id));
  });

  test('that depends on another waits for it first, then for its time', async () => {
    const parent = await submit({});
    const input = { text: { $output: { job: parent.id, path: '/text' } } };
    const job = await submit({ input, notBefore: at(T + 10 * MINUTE) });
    expect(job.blocked).toEqual({ reason: 'dependency', until: null });
    await sweepAt(T + 2 * MINUTE);
    await succeed(parent.id);
    expect(await get(job.id)).toMatchObject({
      blocked: { reason: 'not_before', until: at(T + 10 * MINUTE) },
      input: { text: 'done' },
      version: 2,
      queuedAt: null,
    });
    const event = await api.store.get(refs.event(job.id, 2));
    expect(event?.data).toMatchObject({ from: 'blocked', to: 'blocked', reason: 'not_before' });
    await sweepAt(T + 9 * MINUTE);
    expect((await get(job.id)).state).toBe('blocked');
    await sweepAt(T + 10 * MINUTE);
    expect(await get(job.id)).toMatchObject({ state: 'queued', version: 3, input: { text: 'done' } });
  });

  test('that depends on one that ends later is queued by that end', async () => {
    const parent = await submit({});
    const job = await submit({ dependsOn: [parent.id], notBefore: at(T + MINUTE) });
    await sweepAt(T + 5 * MINUTE);
    expect((await get(job.id)).blocked?.reason).toBe('dependency');
    await succeed(parent.id);
    expect(await get(job.id)).toMatchObject({ state: 'queued', queuedAt: at(T + 5 * MINUTE) });
  });

  test('can be canceled while it waits', async () => {
    const job = await submit({ notBefore: at(T + MINUTE) });
    await api.send('POST', `/v1/jobs/${job.id}/cancel`);
    await sweepAt(T + 2 * MINUTE);
    expect((await get(job.id)).state).toBe('canceled');
  });

  test.each([
    ['in the past', at(T - DAY)],
    ['now, in another offset', '2026-11-26T11:00:00+02:00'],
  ])('%s is queued at once', async (_, notBefore) => {
    const job = await submit({ notBefore, startDeadlineSeconds: 60 });
    expect(job).toMatchObject({ state: 'queued', blocked: null, startBy: at(T + MINUTE) });
  });

  test.each([at(T + 30 * DAY + 1), 'tomorrow', '2026-11-26', 7])('of %j is refused by its field', async (notBefore) => {
    const answer = await api.send('POST', '/v1/jobs', { body: { ...GOOD, notBefore } });
    expect(Problem.parse(await answer.json())).toMatchObject({
      status: 422,
      code: 'invalid_input',
      errors: [{ field: '/notBefore' }],
    });
    await submit({ notBefore: at(T + 30 * DAY) });
  });
});
