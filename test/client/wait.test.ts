import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemHost } from '../../client/host.ts';
import { WaitTimeoutError } from '../../client/index.ts';
import { serveApi, type TestApi } from '../api/serve-api.ts';
import { removeFolders } from '../local/folder.ts';
import { manualClock } from '../local/manual-clock.ts';
import { clientOf, fated, hastyClock, type Fetch } from './client-rig.ts';

let api: TestApi;
beforeAll(async () => {
  api = await serveApi();
});
afterAll(async () => {
  await api.stop();
  removeFolders();
});

const T0 = Date.UTC(2026, 10, 26);
const newJob = async (): Promise<string> =>
  (await clientOf(api).createJob({ model: 'slide-text', input: { text: 'hello' } })).id;

/** A fetch that tells when a request that is to be held has left. */
function holding(): { readonly fetch: Fetch; readonly held: Promise<string | null> } {
  let tell: (prefer: string | null) => void;
  const held = new Promise<string | null>((resolve) => (tell = resolve));
  return {
    held,
    fetch: (input, init) => {
      const prefer = new Headers(init?.headers).get('prefer');
      if (prefer !== null) tell(prefer);
      return fetch(input, init);
    },
  };
}

test('waitFor has the job as soon as it has ended, by one held answer', async () => {
  const id = await newJob();
  const { fetch, held } = holding();
  const waiting = clientOf(api, { fetch, clock: manualClock(T0) }).waitFor(id);
  expect(await held).toBe('wait=25');
  await clientOf(api).cancelJob(id);
  expect((await waiting).state).toBe('canceled');
});

test('waitFor of a job that has ended asks once', async () => {
  const id = await newJob();
  await clientOf(api).cancelJob(id);
  const { fetch, asked } = fated([]);
  expect((await clientOf(api, { fetch }).waitFor(id)).state).toBe('canceled');
  expect(asked).toHaveLength(1);
});

test('waitFor that was cut off on the way asks again', async () => {
  const id = await newJob();
  await clientOf(api).cancelJob(id);
  const { fetch, asked } = fated(['fails after', 'fails before']);
  expect((await clientOf(api, { fetch }).waitFor(id)).state).toBe('canceled');
  expect(asked).toHaveLength(3);
});

test('waitFor gives up at its time with the job as it was seen', async () => {
  const id = await newJob();
  const { fetch, held } = holding();
  const clock = manualClock(T0);
  const waiting = clientOf(api, { fetch, clock }).waitFor(id, { timeoutSeconds: 5 });
  const failed = expect(waiting).rejects.toMatchObject({
    name: 'WaitTimeoutError',
    code: 'wait_timeout',
    detail: `Job ${id} is queued after 5 s; it goes on.`,
    job: { id, state: 'queued' },
  });
  await held;
  clock.set(T0 + 5_000);
  await failed;
  await expect(waiting).rejects.toBeInstanceOf(WaitTimeoutError);
  expect(clock.timers()).toEqual([]);
});

test("waitFor ends with the caller's own reason when the caller gives up", async () => {
  const { fetch, held } = holding();
  const gone = new AbortController();
  const clock = manualClock(T0);
  const waiting = clientOf(api, { fetch, clock }).waitFor(await newJob(), { signal: gone.signal });
  const failed = expect(waiting).rejects.toThrow('enough');
  await held;
  gone.abort(new Error('enough'));
  await failed;
  expect(clock.timers()).toEqual([]);
});

test('waitFor never asks fast, though something on the way holds nothing', async () => {
  const id = await newJob();
  const queued = JSON.stringify(await clientOf(api).getJob(id));
  const ended = JSON.stringify(await clientOf(api).cancelJob(id));
  const answers = [queued, queued, queued, queued, ended];
  const clock = hastyClock();
  const fetch = async (): Promise<Response> => (clock.pass(10), new Response(answers.shift()));
  expect((await clientOf(api, { fetch, clock }).waitFor(id)).state).toBe('canceled');
  expect(clock.pauses).toEqual([1_990, 1_990, 1_990]);
});

test('watch gives the job now, and when it has ended', async () => {
  const id = await newJob();
  const { fetch, held } = holding();
  const states: string[] = [];
  for await (const { state } of clientOf(api, { fetch, clock: manualClock(T0) }).watch(id, { everySeconds: 3 })) {
    states.push(state);
    if (states.length === 1) void held.then(() => clientOf(api).cancelJob(id));
  }
  expect(states).toEqual(['queued', 'canceled']);
  expect(await held).toBe('wait=3');
});

test('waitFor goes on through an outage: for five minutes, or until its timeout', async () => {
  const id = await newJob();
  await clientOf(api).cancelJob(id);
  const down = (times: number) => fated(Array<'fails before'>(times).fill('fails before'));
  const random = { unit: () => 0.9, hex: () => 'k' };
  const brief = down(20);
  expect((await clientOf(api, { fetch: brief.fetch, random }).waitFor(id)).state).toBe('canceled');
  expect(brief.asked).toHaveLength(21);
  const clock = hastyClock();
  const long = clientOf(api, { fetch: down(1_000).fetch, random, clock }).waitFor(id);
  await expect(long).rejects.toMatchObject({ code: 'unreachable' });
  const slept = clock.pauses.reduce((sum, ms) => sum + ms, 0);
  expect([slept > 290_000, slept < 310_000]).toEqual([true, true]);
  const patient = clientOf(api, { fetch: down(200).fetch, random, clock: hastyClock() });
  expect((await patient.waitFor(id, { timeoutSeconds: 3_600 })).state).toBe('canceled');
});

test('watch goes on through answers of a proxy that say "not now"', async () => {
  const id = await newJob();
  await clientOf(api).cancelJob(id);
  const fates = Array.from({ length: 10 }, () => new Response('<html>', { status: 503 }));
  const states: string[] = [];
  for await (const { state } of clientOf(api, { fetch: fated(fates).fetch }).watch(id)) states.push(state);
  expect(states).toEqual(['canceled']);
});

test('waitFor takes any time there is: more than a timer can count, and for ever', async () => {
  for (const timeoutSeconds of [3_000_000, Infinity]) {
    const id = await newJob();
    const { fetch, held } = holding();
    const waiting = clientOf(api, { fetch, clock: systemHost.clock }).waitFor(id, { timeoutSeconds });
    await held;
    await clientOf(api).cancelJob(id);
    expect((await waiting).state).toBe('canceled');
  }
  for (const timeoutSeconds of [NaN, -1]) {
    await expect(clientOf(api).waitFor('a', { timeoutSeconds })).rejects.toThrow(/^timeoutSeconds must be/);
  }
});
