import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CanceledJob } from '../../domain/contract/cancel.ts';
import { JobResource, Problem } from '../../domain/contract/http.ts';
import type { Job, JobState } from '../../domain/contract/job.ts';
import { refs, type Write } from '../../domain/ports.ts';
import { move } from '../../domain/state.ts';
import { cancelJob } from '../../functions/steps/cancel.ts';
import { settleEvent } from '../../functions/steps/settle.ts';
import { DEFAULT_SETTINGS } from '../../domain/settings.ts';
import { removeFolders } from '../local/folder.ts';
import { OTHER_KEY, serveApi, type TestApi } from './serve-api.ts';

let api: TestApi;
beforeEach(async () => {
  const metrics = { settled: async () => undefined, gauges: async () => undefined };
  api = await serveApi(() => ({ metrics, settings: { ...DEFAULT_SETTINGS, childrenPerPage: 2 } }));
});
afterEach(async () => {
  await api.stop();
  removeFolders();
});

async function submit(...dependsOn: string[]): Promise<string> {
  const answer = await api.send('POST', '/v1/jobs', { body: { model: 'slide-text', input: { text: 'x' }, dependsOn } });
  return JobResource.parse(await answer.json()).id;
}

async function job(id: string): Promise<Job> {
  const read = await api.store.get(refs.job(id));
  if (read === null) throw new Error('no such job');
  return read.data;
}

const statesOf = async (ids: readonly string[]): Promise<JobState[]> =>
  (await Promise.all(ids.map(job))).map(({ state }) => state);

async function moveTo(id: string, ...states: JobState[]): Promise<void> {
  for (const state of states) {
    const read = await api.store.get(refs.job(id));
    if (read === null) throw new Error('no such job');
    await api.store.commit(move(read, state, Date.now(), { patch: { output: {} } }));
  }
}

/** All that on-job-event and sweep have to do, until nothing is open. */
async function settleAll(): Promise<void> {
  for (;;) {
    const open = await api.store.query('openEvents', { open: true }, { limit: 100 });
    if (open.items.length === 0) return;
    for (const { data } of open.items) await settleEvent(api.deps, data.jobId, data.seq);
  }
}

const cancel = (id: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  api.send('POST', `/v1/jobs/${id}/cancel`, { ...(body === undefined ? {} : { body }), headers });

const outcomeOf = async (answer: Response): Promise<string> => CanceledJob.parse(await answer.json()).outcome;
const dependantsOf = async (answer: Response): Promise<string> => CanceledJob.parse(await answer.json()).dependants;
const codeOf = async (answer: Response): Promise<string> => Problem.parse(await answer.json()).code;

describe('a cancellation', () => {
  test('has four outcomes, and the same again when it is repeated', async () => {
    const [queued, running, ended] = [await submit(), await submit(), await submit()];
    await moveTo(running, 'running');
    await moveTo(ended, 'running', 'failed');
    for (let n = 0; n < 2; n += 1) {
      expect(await outcomeOf(await cancel(queued))).toBe('canceled');
      expect(await outcomeOf(await cancel(running))).toBe('requested');
      const refused = await cancel(ended);
      expect([refused.status, await codeOf(refused)]).toEqual([409, 'job_already_ended']);
      const unknown = await cancel('a'.repeat(26));
      expect([unknown.status, await codeOf(unknown)]).toEqual([404, 'not_found']);
    }
    await moveTo(running, 'canceled');
    expect(await outcomeOf(await cancel(running))).toBe('canceled');
    expect((await cancel(queued, {}, { authorization: `Bearer ${OTHER_KEY}` })).status).toBe(404);
  });

  test.each([
    [{ dependants: 'keep' }, '/dependants'],
    [{ dependents: 'cancel' }, '/dependents'],
    [[], ''],
  ])('with the body %j is refused, and cancels nothing', async (body, field) => {
    const id = await submit();
    const problem = Problem.parse(await (await cancel(id, body)).json());
    expect(problem).toMatchObject({ status: 422, errors: [{ field }] });
    expect((await job(id)).state).toBe('queued');
  });
});

describe('the jobs that wait for a canceled one', () => {
  test.each([undefined, {}, { dependants: 'fail' }])('fail, unless it says otherwise: %j', async (body) => {
    const parent = await submit();
    const child = await submit(parent);
    const grandchild = await submit(child);
    await cancel(parent, body);
    await settleAll();
    expect(await statesOf([child, grandchild])).toEqual(['failed', 'failed']);
    expect((await job(child)).error).toMatchObject({ kind: 'dependency_failed' });
  });

  test('end as canceled where it says so: all of them, however deep, and nobody else', async () => {
    const [parent, other] = [await submit(), await submit()];
    const children = [await submit(parent), await submit(parent), await submit(parent), await submit(parent, other)];
    const grandchildren = [await submit(children[0] ?? ''), await submit(children[3] ?? '')];
    const last = await submit(grandchildren[1] ?? '', other);
    const strangers = [other, await submit(other)];
    expect(await outcomeOf(await cancel(parent, { dependants: 'cancel' }))).toBe('canceled');
    await settleAll();
    const below = [...children, ...grandchildren, last];
    expect(await statesOf([parent, ...below])).toEqual(Array.from({ length: 8 }, () => 'canceled'));
    expect(await statesOf(strangers)).toEqual(['queued', 'blocked']);
    for (const id of below) {
      const { version, error } = await job(id);
      expect([version, error]).toEqual([2, null]);
    }
    expect((await api.store.get(refs.event(last, 2)))?.data.reason).toBe(`canceled with ${grandchildren[1]}`);
    await cancel(parent, { dependants: 'cancel' });
    await settleAll();
    expect((await job(last)).version).toBe(2);
  });

  test('follow a running one when its worker has stopped, and also where that was said only later', async () => {
    const parent = await submit();
    const child = await submit(parent);
    await moveTo(parent, 'running');
    expect(await outcomeOf(await cancel(parent))).toBe('requested');
    expect(await outcomeOf(await cancel(parent, { dependants: 'cancel' }))).toBe('requested');
    expect((await job(parent)).version).toBe(3);
    await settleAll();
    expect((await job(child)).state).toBe('blocked');
    await moveTo(parent, 'canceled');
    await settleAll();
    expect((await job(child)).state).toBe('canceled');
  });

  test('end as canceled also where that was said only after it had ended, as long as its end is not settled', async () => {
    const parent = await submit();
    const child = await submit(parent);
    expect(await dependantsOf(await cancel(parent))).toBe('fail');
    expect(await dependantsOf(await cancel(parent, { dependants: 'cancel' }))).toBe('cancel');
    expect((await job(parent)).version).toBe(2);
    await settleAll();
    expect((await job(child)).state).toBe('canceled');
    expect(await dependantsOf(await cancel(parent))).toBe('cancel');
  });

  test('have failed where that is said too late, and the answer says so', async () => {
    const parent = await submit();
    const child = await submit(parent);
    await cancel(parent);
    await settleAll();
    expect(await dependantsOf(await cancel(parent, { dependants: 'cancel' }))).toBe('fail');
    expect((await job(parent)).dependants).toBeUndefined();
    expect((await job(child)).state).toBe('failed');
  });

  test('are told of as they fare, where the end is settled while the wish is written', async () => {
    const parent = await submit();
    await submit(parent);
    await cancel(parent);
    const { store } = api.deps;
    const settling = {
      ...store,
      commit: async (writes: readonly Write[]): Promise<void> => {
        await settleEvent(api.deps, parent, 2);
        await store.commit(writes);
      },
    };
    await cancelJob({ ...api.deps, store: settling }, parent, 'cancel');
    expect((await job(parent)).dependants).toBeUndefined();
  });

  test('that are submitted after it end the same way', async () => {
    const parent = await submit();
    await cancel(parent, { dependants: 'cancel' });
    expect((await job(await submit(parent))).state).toBe('canceled');
  });

  test('and a retry of one of them is a job as any', async () => {
    const parent = await submit();
    const child = await submit(parent);
    await cancel(parent, { dependants: 'cancel' });
    await settleAll();
    const again = JobResource.parse(await (await api.send('POST', `/v1/jobs/${parent}/retry`)).json());
    expect(again.state).toBe('queued');
    expect((await job(again.id)).dependants).toBeUndefined();
    expect((await job(child)).state).toBe('canceled');
  });
});
