import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LogPage } from '../../domain/contract/follow.ts';
import type { Job, LogChunk } from '../../domain/contract/job.ts';
import { create, refs, update } from '../../domain/ports.ts';
import { move } from '../../domain/state.ts';
import { makeJob } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { countedWatches, type CountedWatches } from './counted-watches.ts';
import { serveApi, type TestApi } from './serve-api.ts';

let api: TestApi;
let watches: CountedWatches;
beforeAll(async () => {
  api = await serveApi(({ store }) => {
    watches = countedWatches(store);
    return { store: watches.store };
  });
});
afterAll(async () => {
  await api.stop();
  removeFolders();
});

const T = Date.UTC(2026, 10, 21, 9);
const ATTEMPT = {
  attempt: 1, slot: 'noop@local~0', fence: 1, execution: 'e', cold: true, bootMs: 1, loadMs: 1, idleMs: 0,
  startedAtMs: T, endedAtMs: null, outcome: null, error: null,
}; // prettier-ignore
let last = 0;

async function stored(overrides: Partial<Job>): Promise<string> {
  const id = String((last += 1)).padStart(26, '0');
  await api.store.commit([create(refs.job(id), makeJob({ id, tenant: 'acme', ...overrides }))]);
  return id;
}

async function said(id: string, attempt: number, seq: number, ...texts: readonly string[]): Promise<void> {
  const lines: LogChunk['lines'] = texts.map((text, i) => ({
    stream: i % 2 === 0 ? 'stdout' : 'stderr',
    text,
    atMs: T + i,
  }));
  await api.store.commit([create(refs.log(id, attempt, seq), { schema: 1, jobId: id, attempt, seq, lines })]);
}

async function page(id: string, query = '', headers: Record<string, string> = {}): Promise<LogPage> {
  const answer = await api.send('GET', `/v1/jobs/${id}/logs${query}`, { headers });
  expect(answer.status).toBe(200);
  return LogPage.parse(await answer.json());
}

const texts = ({ items }: LogPage): string[] => items.map(({ text }) => text);

async function end(id: string): Promise<void> {
  const read = await api.store.get(refs.job(id));
  if (read !== null) await api.store.commit(move(read, 'succeeded', T));
}

describe('the log of a job', () => {
  test('has each line once and in order, however long the pages and wherever they cut a chunk', async () => {
    const id = await stored({ state: 'succeeded', attempt: 1 });
    const all: string[] = [];
    // More chunks than one read, and than fit one answer; 10 sorts behind 9. One number was never used.
    for (let seq = 0; seq < 40; seq += 1) {
      const lines = Array.from({ length: 1 + (seq % 3) }, (_, i) => `${seq}.${i}`);
      if (seq === 5) continue;
      await said(id, 1, seq, ...lines);
      all.push(...lines);
    }
    for (const limit of [1, 4, 7, 1_000]) {
      const seen: string[] = [];
      let query = `?limit=${limit}`;
      for (let next: string | null = ''; next !== null; query = `?limit=${limit}&cursor=${next}`) {
        const got = await page(id, query);
        expect(got.items.length).toBeGreaterThan(0);
        expect(got.items.length).toBeLessThanOrEqual(limit);
        seen.push(...texts(got));
        next = got.next;
      }
      expect(seen).toEqual(all);
    }
    expect((await page(id, '?limit=2')).items[1]).toEqual({
      attempt: 1, seq: 1, line: 0, stream: 'stdout', text: '1.0', at: '2026-11-21T09:00:00.000Z',
    }); // prettier-ignore
  });

  test('is the last attempt’s unless another is asked for, and stays with the attempt of its cursor', async () => {
    const id = await stored({ state: 'running', attempt: 2 });
    await said(id, 1, 0, 'first');
    await said(id, 2, 0, 'second', 'third');
    expect(await page(id)).toMatchObject({
      attempt: 2,
      complete: false,
      items: [{ text: 'second' }, { text: 'third' }],
    });
    expect(await page(id, '?attempt=1')).toMatchObject({
      attempt: 1,
      complete: true,
      next: null,
      items: [{ text: 'first' }],
    });
    const { next } = await page(id, '?attempt=2&limit=1');
    const read = await api.store.get(refs.job(id));
    if (read !== null) await api.store.commit([update(refs.job(id), read, { attempt: 3 })]);
    expect(await page(id, `?cursor=${next}`)).toMatchObject({ attempt: 2, items: [{ text: 'third' }], next: null });
  });

  test.each([
    ['running', 1, '', false],
    ['canceling', 1, '', false],
    ['queued', 0, '', false],
    ['blocked', 0, '', false],
    ['blocked', 1, '', true],
    ['queued', 1, '?attempt=2', false],
    ['canceled', 0, '', true],
    ['failed', 3, '', true],
  ] as const)('of a job that is %s, attempt %i, asked for with "%s", is complete: %s', async (state, attempt, query, complete) => {
    const got = await page(await stored({ state, attempt }), query);
    expect(got).toMatchObject({ items: [], complete });
    expect(got.next === null).toBe(complete);
  }); // prettier-ignore

  test.each([
    ['a cursor of no log', '?cursor=abc', 400],
    ['the cursor of a list', `?cursor=${Buffer.from('[1,"jobs/a"]').toString('base64url')}`, 400],
    ['a cursor of negative lines', `?cursor=${Buffer.from('[1,0,-1]').toString('base64url')}`, 400],
    ['a cursor of another attempt', `?attempt=1&cursor=${Buffer.from('[2,0,0]').toString('base64url')}`, 400],
    ['an attempt that is none', '?attempt=0', 400],
    ['too long a page', '?limit=1001', 400],
    ['an unknown parameter', '?tail=5', 400],
    ['an attempt that there was not', '?attempt=4', 404],
    ['a phase that is none', '?phase=boot', 400],
    ['a cursor of another phase', `?phase=run&cursor=${Buffer.from('[-1,0,0]').toString('base64url')}`, 400],
    ['a setup log of an attempt that there was not', '?phase=setup&attempt=4', 404],
    ['the same by cursor', `?cursor=${Buffer.from('[4,0,0]').toString('base64url')}`, 404],
  ])('refuses %s', async (_, query, status) => {
    const id = await stored({ state: 'running', attempt: 2 });
    expect((await api.send('GET', `/v1/jobs/${id}/logs${query}`)).status).toBe(status);
  });

  test('of another tenant is not there', async () => {
    const id = await stored({ state: 'running', attempt: 1, tenant: 'other' });
    await said(id, 1, 0, 'secret');
    const answer = await api.send('GET', `/v1/jobs/${id}/logs`, { headers: { prefer: 'wait=30' } });
    expect([answer.status, await answer.text()]).toEqual([404, expect.not.stringContaining('secret')]);
  });
});

describe('what was said while the worker started', () => {
  const chunk = (id: string, seq: number, ...lines: readonly string[]) => said(id, -1, seq, ...lines);

  test('stands apart from what the run said, page by page', async () => {
    const id = await stored({ state: 'succeeded', attempt: 1 });
    await chunk(id, 0, 'loading', 'loaded');
    await chunk(id, 1, 'ready');
    await said(id, 1, 0, 'running');
    expect(await page(id)).toMatchObject({ phase: 'run', attempt: 1, items: [{ text: 'running' }], next: null });
    expect(texts(await page(id, '?phase=run'))).toEqual(['running']);
    const first = await page(id, '?phase=setup&limit=2');
    expect(first).toMatchObject({ phase: 'setup', attempt: 1, items: [{ attempt: 1, seq: 0, text: 'loading' }, {}] });
    const rest = await page(id, `?cursor=${first.next}`);
    expect(rest).toMatchObject({ phase: 'setup', items: [{ seq: 1, text: 'ready' }], next: null, complete: true });
    expect(texts(await page(id, `?phase=setup&attempt=1&cursor=${first.next}`))).toEqual(['ready']);
  });

  test('is shown by each job that found the worker warm, unless it has its own', async () => {
    const cold = await stored({ state: 'succeeded', attempt: 1 });
    await chunk(cold, 0, 'loaded');
    const attempts = [{ ...ATTEMPT, cold: false, firstOf: { job: cold, attempt: 1 } }];
    const warm = await stored({ state: 'running', attempt: 1, attempts });
    expect(await page(warm, '?phase=setup')).toMatchObject({ items: [{ text: 'loaded' }], complete: false });
    expect(texts(await page(warm))).toEqual([]);
    await chunk(warm, 0, 'loaded again');
    expect(texts(await page(warm, '?phase=setup'))).toEqual(['loaded again']);
    // One that a build of before has run.
    expect(await page(await stored({ state: 'failed', attempt: 1 }), '?phase=setup')).toMatchObject({ items: [] });
  });

  test('can be waited for', async () => {
    const id = await stored({ state: 'running', attempt: 1 });
    const waiting = page(id, '?phase=setup', { prefer: 'wait=30' });
    await watches.count(2);
    await chunk(id, 0, 'loading');
    expect(texts(await waiting)).toEqual(['loading']);
  });
});

describe('waiting for a log', () => {
  const WAIT = { prefer: 'wait=30' };

  test('is over as soon as there is a line', async () => {
    const id = await stored({ state: 'running', attempt: 1 });
    await said(id, 1, 0, 'first');
    const { next } = await page(id);
    const waiting = page(id, `?cursor=${next}`, WAIT);
    await watches.count(2);
    await said(id, 1, 1, 'second');
    expect(await waiting).toMatchObject({ items: [{ seq: 1, text: 'second' }], complete: false });
    expect(watches.active()).toBe(0);
  });

  test('is over as soon as the job has ended, and then there is nothing more', async () => {
    const id = await stored({ state: 'running', attempt: 1 });
    const waiting = page(id, '', WAIT);
    await watches.count(2);
    await end(id);
    expect(await waiting).toEqual({ attempt: 1, phase: 'run', items: [], next: null, complete: true });
    expect(watches.active()).toBe(0);
  });

  test('that has begun before the job has brings the first line', async () => {
    const id = await stored({ state: 'queued' });
    const waiting = page(id, '', WAIT);
    await watches.count(2);
    const read = await api.store.get(refs.job(id));
    if (read !== null) await api.store.commit(move(read, 'running', T, { patch: { attempt: 1 } }));
    await said(id, 1, 0, 'hello');
    expect(texts(await waiting)).toEqual(['hello']);
  });

  test('does not hold what is there already, and says that it was asked for', async () => {
    const id = await stored({ state: 'running', attempt: 1 });
    await said(id, 1, 0, 'first');
    const answer = await api.send('GET', `/v1/jobs/${id}/logs`, { headers: WAIT });
    expect(answer.headers.get('preference-applied')).toBe('wait=30');
    expect(texts(LogPage.parse(await answer.json()))).toEqual(['first']);
  });

  test('ends with a client that hangs up, and leaves no watch', async () => {
    const id = await stored({ state: 'running', attempt: 1 });
    const hangUp = new AbortController();
    const url = `${api.url}/v1/jobs/${id}/logs`;
    const headers = { authorization: 'Bearer slw_test-key', ...WAIT };
    const asked = fetch(url, { headers, signal: hangUp.signal }).catch((error: unknown) => error);
    await watches.count(2);
    hangUp.abort();
    await watches.count(0);
    expect(await asked).toHaveProperty('name', 'AbortError');
  });
});
