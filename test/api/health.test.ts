import { afterEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { HealthResource } from '../../domain/contract/health.ts';
import { UnavailableError } from '../../domain/errors.ts';
import type { Store } from '../../domain/ports.ts';
import { MINUTE, SECOND } from '../../domain/time.ts';
import type { Deps } from '../../functions/deps.ts';
import { recordSweep } from '../../functions/steps/record-sweep.ts';
import { createClient } from '../../client/index.ts';
import { removeFolders } from '../local/folder.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';
import { KEY, serveApi, type TestApi } from './serve-api.ts';

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
  version: string;
};

let api: TestApi;
let clock: ManualClock;
let reads: number;
let isStoreUp: boolean;
async function start(change: (deps: Deps) => Partial<Deps> = () => ({})): Promise<void> {
  clock = manualClock(Date.UTC(2026, 10, 26));
  reads = 0;
  isStoreUp = true;
  api = await serveApi(({ store, ...deps }) => {
    const watched = Object.assign(Object.create(store) as Store, {
      get: async (...args: Parameters<Store['get']>) => {
        reads += 1;
        if (!isStoreUp) throw new UnavailableError('the database at 10.0.0.7 does not answer');
        return store.get(...args);
      },
    });
    return { store: watched, ...change({ ...deps, store }) };
  }, clock);
}
afterEach(async () => {
  await api.stop();
  removeFolders();
});

async function health(headers: Record<string, string> = {}): Promise<{ status: number; body: HealthResource }> {
  const answer = await fetch(`${api.url}/v1/health`, { headers });
  return { status: answer.status, body: HealthResource.parse(await answer.json()) };
}
const withKey = (key = KEY) => health({ authorization: `Bearer ${key}` });

describe('without a key', () => {
  test('says whether it works and which version it is, and nothing else', async () => {
    await start();
    await recordSweep(api.deps, { startedAtMs: clock.nowMs(), failures: 0 });
    expect(await health()).toEqual({ status: 200, body: { status: 'ok', version } });
  });

  test('costs one read in 15 s, however often it is asked', async () => {
    await start();
    await Promise.all(Array.from({ length: 20 }, () => health()));
    expect(reads).toBe(1);
    clock.set(clock.nowMs() + 14 * SECOND);
    await health();
    expect(reads).toBe(1);
    clock.set(clock.nowMs() + SECOND);
    await health();
    expect(reads).toBe(2);
  });

  test('is 503 while the store cannot be reached, and tells nothing of it', async () => {
    await start();
    isStoreUp = false;
    expect(await health()).toEqual({ status: 503, body: { status: 'down', version } });
    // The key cannot be looked up either.
    expect(await withKey()).toEqual({ status: 503, body: { status: 'down', version } });
    expect(JSON.stringify(api.log.lines)).toContain('10.0.0.7');
  });

  test('takes no other method, and no key that is wrong', async () => {
    await start();
    expect((await fetch(`${api.url}/v1/health`, { method: 'POST' })).status).toBe(405);
    const wrong = await fetch(`${api.url}/v1/health`, { headers: { authorization: 'Bearer wrong' } });
    expect(wrong.status).toBe(401);
  });
});

describe('with a key', () => {
  test('says what it stands on, how long each took, and when the last sweep was', async () => {
    await start();
    await recordSweep(api.deps, { startedAtMs: clock.nowMs(), failures: 0 });
    const sweptAt = new Date(clock.nowMs()).toISOString();
    clock.set(clock.nowMs() + 30 * SECOND);
    expect(await withKey()).toEqual({
      status: 200,
      body: {
        status: 'ok',
        version,
        commit: null,
        checks: [
          { name: 'store', status: 'ok', latencyMs: 0 },
          { name: 'bus', status: 'unknown', latencyMs: null, detail: 'This instance has published nothing yet.' },
          { name: 'blobs', status: 'ok', latencyMs: 0 },
          { name: 'secrets', status: 'ok', latencyMs: 0 },
        ],
        sweep: { status: 'ok', lastRunAt: sweptAt, ageSeconds: 30 },
      },
    });
  });

  test('shows nothing of that to a key that may not read, nor to one that shows a job', async () => {
    await start();
    const client = createClient({ url: api.url, key: KEY });
    await client.putTenant('lab', { title: 'Lab' });
    const { key } = await client.createKey('lab', { name: 'ci', scopes: ['submit'] });
    expect((await withKey(key)).body).toEqual({ status: 'degraded', version });
    const { id } = await client.createJob({ model: 'slide-text', input: { text: 'hello' } });
    const { token } = await client.createJobToken(id);
    expect((await withKey(token)).body).toEqual({ status: 'degraded', version });
  });

  test.each([
    ['has never run', null, 0, { status: 'never', lastRunAt: null, ageSeconds: null }],
    ['failed in part', 2, MINUTE, { status: 'incomplete', ageSeconds: 60 }],
    ['stopped coming', 0, 4 * MINUTE, { status: 'late', ageSeconds: 240 }],
  ] as const)('is degraded where sweep %s', async (_, failures, ageMs, sweep) => {
    await start();
    if (failures !== null) await recordSweep(api.deps, { startedAtMs: clock.nowMs(), failures });
    clock.set(clock.nowMs() + ageMs);
    expect(await withKey()).toMatchObject({ status: 200, body: { status: 'degraded', sweep } });
  });

  test('a dependency that fails, or does not answer, is down, and the others are told all the same', async () => {
    await start(({ blobs }) => ({
      blobs: { ...blobs, signDownload: () => new Promise<never>(() => undefined) },
      secrets: { get: async () => Promise.reject(new Error('no such secret')) },
    }));
    await recordSweep(api.deps, { startedAtMs: clock.nowMs(), failures: 0 });
    const asked = withKey();
    await clock.nextTimer();
    // The others have answered, and called off theirs.
    while (clock.timers().length > 1) await setImmediate();
    clock.set(clock.nowMs() + 4 * SECOND);
    const { status, body } = await asked;
    expect([status, body.status]).toEqual([200, 'degraded']);
    expect(body.checks).toContainEqual({
      name: 'blobs',
      status: 'down',
      latencyMs: null,
      detail: 'No answer within 4 s.',
    });
    expect(body.checks?.find(({ name }) => name === 'secrets')?.status).toBe('down');
    expect(body.checks?.find(({ name }) => name === 'store')?.status).toBe('ok');
  });

  test('a bus is as its last publish was', async () => {
    let isUp = false;
    await start(() => ({ bus: { publish: async () => (isUp ? undefined : Promise.reject(new Error('no topic'))) } }));
    const submit = () => api.send('POST', '/v1/jobs', { body: { model: 'slide-text', input: { text: 'hello' } } });
    const bus = async () => {
      clock.set(clock.nowMs() + MINUTE);
      return (await withKey()).body.checks?.find(({ name }) => name === 'bus');
    };
    // What was stored is not undone by it.
    expect((await submit()).status).toBe(201);
    expect(await bus()).toMatchObject({ status: 'down', detail: expect.stringContaining('60 s ago') });
    isUp = true;
    await submit();
    expect(await bus()).toMatchObject({ status: 'ok', latencyMs: 0 });
  });
});

test('the client gives the health of one that is down, and throws nothing', async () => {
  await start();
  isStoreUp = false;
  expect(await createClient({ url: api.url, key: KEY }).getHealth()).toEqual({ status: 'down', version });
});
