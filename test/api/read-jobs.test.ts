import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { JobList, JobResource, ModelList, ModelResource } from '../../domain/contract/http.ts';
import type { Job } from '../../domain/contract/job.ts';
import { create, refs } from '../../domain/ports.ts';
import { makeJob } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { serveApi, type TestApi } from './serve-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await serveApi();
});
afterAll(async () => {
  await api.stop();
  removeFolders();
});

const T = Date.UTC(2026, 10, 21, 9);
let last = 0;

async function stored(overrides: Partial<Job>): Promise<string> {
  const id = String((last += 1)).padStart(26, '0');
  const times = { createdAtMs: T + last, queuedAtMs: T + last };
  await api.store.commit([
    create(refs.job(id), makeJob({ ...times, id, tenant: 'acme', model: 'slide-text', ...overrides })),
  ]);
  return id;
}

async function list(query: string): Promise<JobList> {
  const answer = await api.send('GET', `/v1/jobs${query}`);
  expect(answer.status).toBe(200);
  return JobList.parse(await answer.json());
}

describe('a list of jobs', () => {
  test('has the filters of its shapes, newest first, page by page', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 7; i += 1) {
      ids.unshift(await stored({ model: i % 2 === 0 ? 'form' : 'other', state: i < 4 ? 'succeeded' : 'canceled' }));
    }
    const seen: string[] = [];
    let query = '?limit=3';
    for (let pages = 1; pages <= 3; pages += 1) {
      const page = await list(query);
      seen.push(...page.items.map((item) => item.id));
      expect(page.next === null).toBe(pages === 3);
      query = `?limit=3&cursor=${page.next}`;
    }
    expect(seen).toEqual(ids);
    const idsOf = async (filter: string): Promise<string[]> => (await list(filter)).items.map((item) => item.id);
    expect(await idsOf('?model=form')).toEqual([ids[0], ids[2], ids[4], ids[6]]);
    expect(await idsOf('?state=canceled')).toEqual([ids[0], ids[1], ids[2]]);
    expect(await idsOf('?state=canceled&model=form')).toEqual([ids[0], ids[2]]);
  });
});

describe('a job', () => {
  test('shows where the time of its last attempt went, and artifacts under addresses that answer', async () => {
    const attempt = { slot: 's', fence: 1, idleMs: 0, outcome: 'succeeded', error: null } as const;
    const id = await stored({
      state: 'succeeded',
      queuedAtMs: T,
      attempt: 2,
      attempts: [
        {
          ...attempt,
          attempt: 2,
          execution: 'run-1',
          cold: true,
          bootMs: 1_500,
          loadMs: 1_000,
          startedAtMs: T + 2_000,
          endedAtMs: T + 5_250,
        },
      ],
      artifacts: [{ name: 'page.png', contentType: 'image/png', sizeBytes: 3, path: 'jobs/x/1/page.png' }],
    });
    const job = JobResource.parse(await (await api.send('GET', `/v1/jobs/${id}`)).json());
    expect(job.timing).toEqual({ queuedSeconds: 2, bootSeconds: 1.5, loadSeconds: 1, runSeconds: 3.25 });
    expect(job.attempts[0]).toMatchObject({ worker: 'run-1', cold: true, endedAt: '2026-11-21T09:00:05.250Z' });
    // The address is signed and opens; there is no such blob in this test.
    expect((await fetch(job.artifacts[0]?.url ?? '')).status).toBe(404);
    for (const inner of ['holder', 'rank', 'requestHash', 'tenant', 'fence']) expect(job).not.toHaveProperty(inner);
  });

  test.each([
    ['queued', 200, 'canceled'],
    ['blocked', 200, 'canceled'],
    ['running', 200, 'canceling'],
    ['canceling', 200, 'canceling'],
    ['canceled', 200, 'canceled'],
    ['succeeded', 409, 'succeeded'],
    ['failed', 409, 'failed'],
    ['expired', 409, 'expired'],
  ] as const)('that is %s answers a cancellation with %i and is then %s', async (state, status, after) => {
    const id = await stored({ state, reason: state === 'blocked' ? 'dependency' : null });
    const answer = await api.send('POST', `/v1/jobs/${id}/cancel`);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject(status === 200 ? { id, state: after } : { code: 'job_already_ended' });
    expect((await api.store.get(refs.job(id)))?.data.state).toBe(after);
  });
});

describe('the models', () => {
  test('say which of them can run, and what the others need', async () => {
    const { items } = ModelList.parse(await (await api.send('GET', '/v1/models')).json());
    expect(items.map((item) => [item.name, item.available])).toEqual([
      ['folder', false],
      ['form', true],
      ['slide-text', true],
    ]);
    const one = ModelResource.parse(await (await api.send('GET', '/v1/models/folder')).json());
    expect(one.missing).toEqual([{ program: 'foldit', install: 'apt-get install foldit' }]);
  });

  test('that are misspelt are guessed', async () => {
    const body = { model: 'slide-txt', input: {} };
    const answer = (await (await api.send('POST', '/v1/jobs', { body })).json()) as { detail: string };
    expect(answer.detail).toContain('Did you mean "slide-text"?');
  });
});
