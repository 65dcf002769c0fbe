import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { JobList, JobResource, JobSummary, Problem } from '../../domain/contract/http.ts';
import type { Job } from '../../domain/contract/job.ts';
import { create, refs } from '../../domain/ports.ts';
import { makeJob } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { OTHER_KEY, serveApi, type TestApi } from './serve-api.ts';

let api: TestApi;
const T = Date.UTC(2026, 10, 21, 9);
const at = (second: number): string => new Date(T + second * 1_000).toISOString();
/** What the store gave of jobs. */
const read: object[] = [];
/** By the second in which each was created. */
const ids: string[] = [];

/** Ten jobs, one a second but for the last two, which are of one instant; and one of somebody else's. */
beforeAll(async () => {
  api = await serveApi(({ store }) => ({
    store: {
      ...store,
      query: async (shape, where, options) => {
        const page = await store.query(shape, where, options);
        if (shape.startsWith('jobsByTenant')) read.push(...page.items.map(({ data }) => data));
        return page;
      },
    },
  }));
  for (let n = 0; n < 10; n += 1) ids.push(String(n).padStart(26, '0'));
  const jobs = ids.map((id, n): Job => {
    const labels = n === 0 ? {} : { labels: [`deck:${n % 2}`, 'all'] };
    const state = n < 4 ? 'succeeded' : 'failed';
    const createdAtMs = T + Math.min(n, 8) * 1_000;
    const pool = n < 5 ? 'documents' : 'chemistry';
    // A job of an older build does not say its region.
    const region = n < 2 ? {} : { region: n % 2 === 0 ? 'us-central1' : 'europe-west4' };
    const model = n % 3 === 0 ? 'a' : 'b';
    return makeJob({ id, tenant: 'acme', model, pool, state, createdAtMs, ...labels, ...region });
  });
  const theirs = makeJob({ id: 'z'.repeat(26), tenant: 'other', labels: ['all'], createdAtMs: T });
  for (const job of [...jobs, theirs]) await api.store.commit([create(refs.job(job.id), job)]);
});
afterAll(async () => {
  await api.stop();
  removeFolders();
});

const list = async (query: Record<string, string | number>): Promise<JobList> => {
  const text = new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, `${value}`]));
  const answer = await api.send('GET', `/v1/jobs?${text.toString()}`);
  expect(answer.status).toBe(200);
  return JobList.parse(await answer.json());
};

/** Page by page, as numbers of the jobs above. */
async function all(query: Record<string, string | number>, limit: number): Promise<number[]> {
  const found: number[] = [];
  let cursor: string | null = null;
  do {
    const page: JobList = await list({ ...query, limit, ...(cursor === null ? {} : { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    found.push(...page.items.map(({ id }) => ids.indexOf(id)));
    cursor = page.next;
  } while (cursor !== null);
  return found;
}

describe('a list reads', () => {
  test('of each job no more than it shows: neither input nor output', async () => {
    read.length = 0;
    await list({ limit: 4 });
    expect(read).toHaveLength(4);
    const fields = new Set(read.flatMap((data) => Object.keys(data)));
    expect(
      [...fields].filter((field) => ['input', 'output', 'artifacts', 'inputFrom', 'holder'].includes(field)),
    ).toEqual([]);
  });

  test('all that it shows: what GET shows of the same job, but for what can be large', async () => {
    const id = 'full'.padEnd(26, '0');
    const full = makeJob({
      id, tenant: 'acme', createdAtMs: T - 1_000, labels: ['x'], retryOf: ids[0] ?? '', notBeforeMs: T, state: 'blocked',
      reason: 'backoff', untilMs: T + 1_000, error: { kind: 'crash', message: 'exit 1' }, metrics: { n: 1 }, metadata: { deck: '7' },
      progress: { fraction: 0.5, message: null, atMs: T }, retentionMs: 7_200_000, purgeAtMs: T + 7_200_000, attempt: 1,
      attempts: [{
        attempt: 1, slot: 's', fence: 1, execution: 'e', cold: true, bootMs: 5, loadMs: 3, idleMs: 0,
        startedAtMs: T, endedAtMs: T + 1, outcome: 'failed', error: { kind: 'crash', message: 'exit 1' },
      }],
    }); // prettier-ignore
    await api.store.commit([create(refs.job(id), full)]);
    const whole: unknown = await (await api.send('GET', `/v1/jobs/${id}`)).json();
    const listed: unknown = await (await api.send('GET', `/v1/jobs?createdBefore=${at(0)}`)).json();
    expect(listed).toEqual({ items: [JobSummary.parse(whole)], next: null });
    await api.store.commit([{ kind: 'delete', ref: refs.job(id) }]);
  });

  test('no job from before its createdAfter', async () => {
    read.length = 0;
    await list({ limit: 100, createdAfter: at(1_000) });
    expect(read).toEqual([]);
    await list({ limit: 100, createdAfter: at(7) });
    expect(read).toHaveLength(3);
  });
});

describe('a filtered list', () => {
  test.each<[Record<string, string>, number[]]>([
    [{}, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
    [{ state: 'succeeded' }, [3, 2, 1, 0]],
    [{ model: 'a' }, [9, 6, 3, 0]],
    [{ model: 'a', state: 'failed' }, [9, 6]],
    [{ pool: 'documents' }, [4, 3, 2, 1, 0]],
    [{ pool: 'documents', state: 'failed' }, [4]],
    [{ region: 'europe-west4' }, [9, 7, 5, 3]],
    [{ region: 'europe-west4', state: 'succeeded' }, [3]],
    [{ region: 'europe-west4', createdAfter: at(4), createdBefore: at(8) }, [7, 5]],
    [{ region: 'nowhere' }, []],
    [{ label: 'all' }, [9, 8, 7, 6, 5, 4, 3, 2, 1]],
    [{ label: 'deck:1' }, [9, 7, 5, 3, 1]],
    [{ label: 'deck:1', state: 'succeeded' }, [3, 1]],
    [{ label: 'deck:2' }, []],
    [{ createdBefore: at(3) }, [2, 1, 0]],
    [{ createdAfter: at(6) }, [9, 8, 7, 6]],
    [{ createdAfter: at(2), createdBefore: at(5) }, [4, 3, 2]],
    [{ createdAfter: at(8), createdBefore: at(9) }, [9, 8]],
    [{ createdAfter: at(5), createdBefore: at(5) }, []],
    [{ createdAfter: at(9) }, []],
    [{ createdAfter: at(1), createdBefore: at(8), label: 'deck:1', state: 'failed' }, [7, 5]],
    [{ createdBefore: '2026-11-21T11:00:03+02:00' }, [2, 1, 0]],
  ])('by %j gives the same jobs whatever the size of its pages', async (query, wanted) => {
    for (const limit of [1, 2, 3, 100]) expect(await all(query, limit)).toEqual(wanted);
  });

  test('by region finds a job where its home is', async () => {
    const headers = { authorization: `Bearer ${OTHER_KEY}` };
    const made = await api.send('POST', '/v1/jobs', { body: { model: 'slide-text', input: { text: 'x' } }, headers });
    const { id } = JobResource.parse(await made.json());
    const found = JobList.parse(await (await api.send('GET', '/v1/jobs?region=local', { headers })).json());
    expect(found.items.map((item) => item.id)).toEqual([id]);
  });

  test('may be asked for with a cursor of a wider one, and goes on within its times', async () => {
    const { next } = await list({ limit: 2 });
    expect((await list({ cursor: next ?? '', createdBefore: at(4) })).items.map(({ id }) => ids.indexOf(id))).toEqual([
      3, 2, 1, 0,
    ]);
    expect((await list({ cursor: next ?? '', createdAfter: at(7) })).items.map(({ id }) => ids.indexOf(id))).toEqual([
      7,
    ]);
  });

  test.each<[Record<string, string>, string[]]>([
    [{ model: 'a', label: 'all' }, ['label']],
    [{ model: 'a', pool: 'documents', label: 'all', state: 'failed' }, ['pool', 'label']],
    [{ pool: 'documents', label: 'all' }, ['label']],
    [{ label: 'all', region: 'europe-west4' }, ['region']],
    [{ label: 'Not a label' }, ['label']],
    [{ createdAfter: 'yesterday' }, ['createdAfter']],
    [{ createdBefore: '2026-11-21' }, ['createdBefore']],
    [{ tag: 'all' }, ['tag']],
  ])('by %j is refused, naming what is too much', async (query, fields) => {
    const answer = await api.send('GET', `/v1/jobs?${new URLSearchParams(query).toString()}`);
    const problem = Problem.parse(await answer.json());
    expect([answer.status, problem.code]).toEqual([400, 'invalid_request']);
    expect(problem.errors?.map(({ field }) => field)).toEqual(fields);
    if (fields.includes('pool')) expect(problem.detail).toContain('one of model, pool, label and region');
  });
});

describe('labels', () => {
  test('are kept once each and shown; a job of an older build has none', async () => {
    const labels = ['deck:7', 'env=prod', 'deck:7'];
    const body = { model: 'slide-text', input: { text: 'x' }, labels };
    const headers = { authorization: `Bearer ${OTHER_KEY}` };
    const made = JobResource.parse(await (await api.send('POST', '/v1/jobs', { body, headers })).json());
    expect(made.labels).toEqual(['deck:7', 'env=prod']);
    const listed = JobList.parse(await (await api.send('GET', '/v1/jobs?label=env%3Dprod', { headers })).json());
    expect(listed.items.map(({ id, labels: shown }) => [id, shown])).toEqual([[made.id, ['deck:7', 'env=prod']]]);
    expect((await list({ createdBefore: at(1) })).items.map((item) => item.labels)).toEqual([[]]);
  });

  test.each([
    [['UPPER']],
    [['with space']],
    [['']],
    [['x'.repeat(65)]],
    [Array.from({ length: 11 }, (_, n) => `n:${n}`)],
    [['ok', 7]],
  ])('%j are refused', async (labels) => {
    const answer = await api.send('POST', '/v1/jobs', {
      body: { model: 'slide-text', input: { text: 'x' }, labels },
    });
    const problem = Problem.parse(await answer.json());
    expect([answer.status, problem.code]).toEqual([422, 'invalid_input']);
    expect(problem.errors?.[0]?.field).toMatch(/^\/labels/);
  });
});
