import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JobEvent } from '../../client/index.ts';
import { refs, update } from '../../domain/ports.ts';
import { serveApi, type TestApi } from '../api/serve-api.ts';
import { removeFolders } from '../local/folder.ts';
import { manualClock } from '../local/manual-clock.ts';
import { clientOf, fated, hastyClock, type Fetch } from './client-rig.ts';
import { moveOn } from './command-rig.ts';

let api: TestApi;
beforeAll(async () => {
  api = await serveApi();
});
afterAll(async () => {
  await api.stop();
  removeFolders();
});

const newJob = async (): Promise<string> =>
  (await clientOf(api).createJob({ model: 'slide-text', input: { text: 'hello' } })).id;
const short = ({ type, version, data }: JobEvent): string =>
  type === 'progress' ? `progress ${data.fraction}` : `${type} ${version}`;
async function rest(events: AsyncIterable<JobEvent>): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of events) seen.push(short(event));
  return seen;
}
/** A job that has ended, with four events. */
async function ended(): Promise<string> {
  const id = await newJob();
  await moveOn(api, id, [
    ['running', { attempt: 1, progress: { fraction: 0.5, message: 'page 3', atMs: 0 } }],
    ['canceling', {}],
    ['canceled', {}],
  ]);
  return id;
}
const ALL = ['job.queued 1', 'job.running 2', 'job.canceling 3', 'progress 0.5', 'job.canceled 4'];
const stream = (text: string, headers: Record<string, string> = {}): Response =>
  new Response(text, { headers: { 'content-type': 'text/event-stream', ...headers } });
const frame = (id: number, state: string): string =>
  `id: ${id}\nevent: job.${state}\ndata: {"version":${id},"state":"${state}"}\n\n`;

describe('followJob', () => {
  test('gives each event as it happens, and ends with the end', async () => {
    const id = await newJob();
    const events = clientOf(api).followJob(id)[Symbol.asyncIterator]();
    const next = async (): Promise<JobEvent> => ((await events.next()) as { value: JobEvent }).value;
    expect(await next()).toMatchObject({ type: 'job.queued', version: 1, data: { id, state: 'queued', attempt: 0 } });
    await moveOn(api, id, [['running', { attempt: 1 }]]);
    expect(await next()).toMatchObject({ type: 'job.running', version: 2, data: { attempt: 1 } });
    const read = await api.store.get(refs.job(id));
    if (read === null) throw new Error('no job');
    await api.store.commit([update(refs.job(id), read, { progress: { fraction: 0.25, message: 'é ✓', atMs: 0 } })]);
    expect(await next()).toMatchObject({ type: 'progress', version: null, data: { fraction: 0.25, message: 'é ✓' } });
    await moveOn(api, id, [['succeeded', {}]]);
    expect(await next()).toMatchObject({ type: 'job.succeeded', version: 3 });
    expect(await events.next()).toEqual({ value: undefined, done: true });
  });

  test('goes on behind an event, and is nothing behind the last', async () => {
    const id = await ended();
    expect(await rest(clientOf(api).followJob(id))).toEqual(ALL);
    expect(await rest(clientOf(api).followJob(id, { after: 2 }))).toEqual(ALL.slice(2));
    expect(await rest(clientOf(api).followJob(id, { after: 4 }))).toEqual([]);
    await expect(rest(clientOf(api).followJob(id, { after: 5 }))).rejects.toMatchObject({ status: 400 });
  });

  test('takes up where it was cut off, with no gap and nothing twice', async () => {
    const id = await ended();
    const whole = await (
      await fetch(`${api.url}/v1/jobs/${id}/events`, { headers: { authorization: 'Bearer slw_test-key' } })
    ).text();
    for (const cut of [1, 40, whole.indexOf('id: 2') + 3, whole.indexOf('id: 3'), whole.length - 1]) {
      const clock = hastyClock();
      const { fetch, asked } = fated([stream(whole.slice(0, cut)), 'fails before', 'through']);
      const seen = await rest(clientOf(api, { fetch, clock }).followJob(id));
      expect(seen.filter((one) => one.startsWith('job.'))).toEqual(ALL.filter((one) => one.startsWith('job.')));
      expect(asked).toHaveLength(3);
    }
  });

  test('sends what it has seen, waits as long as the server says, and drops what comes twice', async () => {
    const clock = hastyClock();
    const { fetch, asked } = fated([
      stream(`retry: 3000\n\n${frame(1, 'queued')}`),
      stream(`${frame(1, 'queued')}${frame(2, 'running')}event: hint\ndata: x\n\n`),
      stream(frame(3, 'failed') + frame(4, 'queued')),
    ]);
    expect(await rest(clientOf(api, { fetch, clock }).followJob('a'))).toEqual([
      'job.queued 1',
      'job.running 2',
      'job.failed 3',
    ]);
    expect(asked.map(({ headers }) => headers.get('last-event-id'))).toEqual([null, '1', '2']);
    expect(asked[0]?.headers.get('accept')).toBe('text/event-stream');
    expect(clock.pauses).toEqual([3_000, 3_000]);
  });

  test('goes on through an outage of minutes, and gives up after five', async () => {
    const id = await ended();
    const long = fated([stream(frame(1, 'queued')), ...Array<'fails before'>(40).fill('fails before')]);
    const clock = hastyClock();
    const random = { unit: () => 0.9, hex: () => 'k' };
    expect(await rest(clientOf(api, { fetch: long.fetch, clock, random }).followJob(id))).toEqual(ALL);
    expect(long.asked).toHaveLength(42);
    expect(Math.max(...clock.pauses)).toBeLessThanOrEqual(8_000);
    const never = fated(Array<'fails before'>(1_000).fill('fails before'));
    const given = clientOf(api, { fetch: never.fetch, clock: hastyClock(), random }).followJob(id);
    await expect(rest(given)).rejects.toMatchObject({ code: 'unreachable' });
    expect(never.asked.length).toBeLessThan(100);
  });

  test('hangs up where the caller reads no more, and where it gives up', async () => {
    const id = await newJob();
    const signals: AbortSignal[] = [];
    const seen: Fetch = (input, init) => (signals.push(init?.signal as AbortSignal), fetch(input, init));
    const clock = manualClock(0);
    for await (const event of clientOf(api, { fetch: seen, clock }).followJob(id)) {
      expect(event.type).toBe('job.queued');
      break;
    }
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    const gone = new AbortController();
    const following = rest(clientOf(api, { fetch: seen, clock }).followJob(id, { after: 1, signal: gone.signal }));
    const failed = expect(following).rejects.toThrow('enough');
    await clock.nextTimer();
    gone.abort(new Error('enough'));
    await failed;
    expect(clock.timers()).toEqual([]);
  });

  test('takes a stream that has fallen silent for broken', async () => {
    const id = await ended();
    const silent: Fetch = async (_, init) => {
      const body = new ReadableStream({
        start: (controller) =>
          init?.signal?.addEventListener('abort', () => controller.error(init.signal?.reason as Error)),
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    };
    const fetches: Fetch[] = [silent, fetch];
    const clock = manualClock(0);
    const following = rest(
      clientOf(api, { fetch: (...args) => (fetches.shift() ?? fetch)(...args), clock }).followJob(id),
    );
    while (fetches.length > 0) {
      await clock.nextTimer();
      clock.set(clock.nowMs() + (clock.timers()[0] ?? 0));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await following).toEqual(ALL);
  });

  test.each<[string, () => Response]>([
    ['a page', () => new Response('<html>')],
    ['JSON', () => new Response('{"items":[]}', { headers: { 'content-type': 'application/json' } })],
    ['an event of something else', () => stream('event: job.queued\ndata: hello\n\n')],
  ])('refuses %s', async (_, answer) => {
    const { fetch, asked } = fated([answer()]);
    await expect(rest(clientOf(api, { fetch }).followJob('a'))).rejects.toMatchObject({ code: 'unexpected_answer' });
    expect(asked).toHaveLength(1);
  });
});
