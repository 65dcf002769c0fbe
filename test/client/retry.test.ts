import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SlipwayError, type SlipwayClient } from '../../client/index.ts';
import { MOST_TRIES, pauseMs } from '../../client/retry.ts';
import { serveApi, type TestApi } from '../api/serve-api.ts';
import { removeFolders } from '../local/folder.ts';
import { clientOf, fated, hastyClock, type Fate } from './client-rig.ts';

let api: TestApi;
beforeAll(async () => {
  api = await serveApi();
});
afterAll(async () => {
  await api.stop();
  removeFolders();
});

const JOB = { model: 'slide-text', input: { text: 'hello' } };
const busy = (status = 503, headers: Record<string, string> = {}): Response =>
  new Response('<html>busy</html>', { status, headers });
const jobsOf = async (): Promise<number> => {
  let count = 0;
  for await (const job of clientOf(api).listJobs()) count += job.id === '' ? 0 : 1;
  return count;
};

describe('how long to pause', () => {
  const NOW = Date.UTC(2026, 10, 26);
  test.each<[string, number | null, string | null, number, number, number | null]>([
    ['no answer', null, null, 1, 0.5, 250],
    ['no answer, the second time', null, null, 2, 0.5, 500],
    ['no answer, the third time', null, null, 3, 0.999, 1_998],
    ['no answer, the last time', null, null, MOST_TRIES, 0.5, null],
    ['503', 503, null, 1, 0.2, 100],
    ['503 that says when', 503, '3', 1, 0.5, 3_250],
    ['429 that says when', 429, '0', 1, 0, 0],
    ['a date', 503, new Date(NOW + 5_000).toUTCString(), 1, 0, 5_000],
    ['a date gone by', 503, new Date(NOW - 5_000).toUTCString(), 1, 0, 0],
    ['what is no time', 503, 'soon', 1, 0.2, 100],
    ['more than we wait', 503, '61', 1, 0, null],
    ['a proxy', 502, null, 1, 0.2, 100],
    ['a proxy in time', 504, null, 1, 0.2, 100],
    ['a fault of ours', 500, null, 1, 0.2, null],
    ['a refusal', 409, '1', 1, 0.2, null],
    ['a redirect', 302, null, 1, 0.2, null],
  ])('after %s', (_, status, retryAfter, tries, unit, expected) => {
    expect(pauseMs({ status, retryAfter }, tries, NOW, unit)).toBe(expected);
  });
});

describe('one job comes of a submission', () => {
  test.each<[string, Fate[]]>([
    ['whose connection failed before it', ['fails before', 'fails before', 'through']],
    ['whose answer was lost', ['fails after', 'through']],
    ['whose answers were lost until the last', ['fails after', 'fails after', 'fails after', 'through']],
    ['that was too early', [busy(), busy(429), 'fails after', 'through']],
  ])('%s', async (_, fates) => {
    const before = await jobsOf();
    const { fetch, asked } = fated(fates);
    const job = await clientOf(api, { fetch }).createJob(JOB);
    expect(asked).toHaveLength(fates.length);
    expect(new Set(asked.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1);
    expect(await jobsOf()).toBe(before + 1);
    expect((await clientOf(api).getJob(job.id)).state).toBe('queued');
  });

  test('that a later process makes again with its key', async () => {
    const before = await jobsOf();
    const lost = fated(Array<Fate>(MOST_TRIES).fill('fails after'));
    const call = clientOf(api, { fetch: lost.fetch }).createJob(JOB, { idempotencyKey: 'deck-7' });
    await expect(call).rejects.toMatchObject({ status: null, code: 'unreachable' });
    expect(lost.asked).toHaveLength(MOST_TRIES);
    await clientOf(api).createJob(JOB, { idempotencyKey: 'deck-7' });
    expect(await jobsOf()).toBe(before + 1);
  });
});

describe('made again', () => {
  test.each<[string, (client: SlipwayClient) => Promise<unknown>]>([
    ['getModel', (its) => its.getModel('form')],
    ['putTenant', (its) => its.putTenant('lab', { title: 'The lab' })],
  ])('is %s, with pauses that grow, each somewhere in its span', async (_, call) => {
    const { fetch, asked } = fated(['fails before', busy(), 'fails after', 'through']);
    const clock = hastyClock();
    await call(clientOf(api, { fetch, clock, random: { unit: () => 0.5, hex: () => 'k' } }));
    expect(asked).toHaveLength(4);
    expect(clock.pauses).toEqual([250, 500, 1_000]);
  });

  test('is a cancel whose answer was lost, which finds it done', async () => {
    const { id } = await clientOf(api).createJob(JOB);
    const { fetch } = fated(['fails after']);
    expect((await clientOf(api, { fetch }).cancelJob(id)).state).toBe('canceled');
  });

  test('is the taking away of a key whose answer was lost, and its not being there any more is no fault', async () => {
    const its = clientOf(api);
    await its.putTenant('lab', { title: 'The lab' });
    const { id } = await its.createKey('lab', { name: 'gone' });
    const { fetch, asked } = fated(['fails after']);
    await clientOf(api, { fetch }).deleteKey('lab', id);
    expect(asked).toHaveLength(2);
    await expect(its.deleteKey('lab', id)).rejects.toMatchObject({ status: 404 });
  });

  test('is not the making of a key, which would make two', async () => {
    const its = clientOf(api);
    await its.putTenant('solo', { title: 'Solo' });
    const { fetch, asked } = fated(['fails after']);
    await expect(clientOf(api, { fetch }).createKey('solo', { name: 'one' })).rejects.toBeInstanceOf(SlipwayError);
    expect(asked).toHaveLength(1);
    expect(await its.listKeys('solo')).toHaveLength(1);
  });

  test('is what the server asks for, when it asks for it: not before, and not for longer than a minute', async () => {
    const clock = hastyClock();
    const random = { unit: () => 0, hex: () => 'k' };
    const { fetch } = fated([busy(503, { 'retry-after': '7' })]);
    await clientOf(api, { fetch, clock, random }).getModel('form');
    expect(clock.pauses).toEqual([7_000]);
    const long = fated([busy(503, { 'retry-after': '3600' })]);
    const refused = clientOf(api, { fetch: long.fetch }).getModel('form');
    await expect(refused).rejects.toMatchObject({ status: 503, code: 'unavailable' });
    expect(long.asked).toHaveLength(1);
  });

  test('is told before, and not made where that says no', async () => {
    const told: unknown[] = [];
    const { fetch } = fated([busy(429, { 'retry-after': '7' })]);
    const random = { unit: () => 0, hex: () => 'k' };
    await clientOf(api, { fetch, random, onRetry: (retry) => told.push(retry) }).getModel('form');
    expect(told).toMatchObject([{ tries: 1, waitMs: 7_000, error: { status: 429, retryAfterSeconds: 7 } }]);
    const once = fated([busy(429, { 'retry-after': '7' })]);
    const refused = clientOf(api, { fetch: once.fetch, onRetry: () => false }).getModel('form');
    await expect(refused).rejects.toMatchObject({ status: 429, code: 'unavailable', retryAfterSeconds: 7 });
    expect(once.asked).toHaveLength(1);
  });

  test('is nothing once the caller has given up', async () => {
    const gone = new AbortController();
    const { fetch, asked } = fated(['fails before', 'fails before']);
    const clock = { ...hastyClock(), after: () => () => undefined };
    const call = clientOf(api, { fetch, clock }).getModel('form', { signal: gone.signal });
    gone.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    expect(asked).toHaveLength(1);
  });
});

test('a try that nobody answers is given up in time', async () => {
  let tries = 0;
  const fetch = (_: unknown, init?: RequestInit): Promise<Response> =>
    new Promise((_resolve, reject) => {
      tries += 1;
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
    });
  const clock = { ...hastyClock(), after: (_ms: number, fn: () => void) => (queueMicrotask(fn), () => undefined) };
  await expect(clientOf(api, { fetch, clock }).getModel('form')).rejects.toMatchObject({
    code: 'unreachable',
    detail: expect.stringMatching(/ does not answer: no answer within 30 s\.$/),
  });
  expect(tries).toBe(MOST_TRIES);
});
