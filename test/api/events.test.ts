import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Explanation, JobEventList, JobEventResource } from '../../domain/contract/follow.ts';
import type { Job, JobState } from '../../domain/contract/job.ts';
import { refs, update } from '../../domain/ports.ts';
import { born, move, type MoveDetail } from '../../domain/state.ts';
import { SECOND } from '../../domain/time.ts';
import { makeJob } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';
import { countedWatches, type CountedWatches } from './counted-watches.ts';
import { openEvents, type Message } from './event-stream.ts';
import { serveApi, type TestApi } from './serve-api.ts';

const T = Date.UTC(2026, 10, 21, 9);
const ID = 'a'.repeat(26);

let api: TestApi;
let watches: CountedWatches;
let clock: ManualClock;
beforeEach(async () => {
  clock = manualClock(T);
  api = await serveApi(({ store }) => {
    watches = countedWatches(store);
    return { store: watches.store, clock };
  });
});
afterEach(async () => {
  await api.stop();
  removeFolders();
});

const bear = (over: Partial<Job> = {}): Promise<void> =>
  api.store.commit(born(makeJob({ id: ID, tenant: 'acme', metadata: { deck: '7' }, createdAtMs: T, ...over })));

async function to(state: JobState, detail: MoveDetail = {}): Promise<void> {
  const read = await api.store.get(refs.job(ID));
  if (read === null) throw new Error('no job');
  const patch = state === 'running' ? { attempt: read.data.attempt + 1, progress: null } : {};
  await api.store.commit(move(read, state, T, { ...detail, patch: { ...patch, ...detail.patch } }));
}

async function progress(fraction: number, message: string): Promise<void> {
  const read = await api.store.get(refs.job(ID));
  if (read === null) throw new Error('no job');
  await api.store.commit([update(refs.job(ID), read, { progress: { fraction, message, atMs: T } })]);
}

/** What a message is, short: `job.queued 1`, `progress 0.5`. */
const short = ({ event, id, data, comment, retry }: Message): string =>
  event === undefined
    ? retry === undefined
      ? `: ${comment}`
      : `retry ${retry}`
    : `${event} ${id ?? String(data?.['fraction'])}`;

describe('the stream of a job’s events', () => {
  test('begins with what has been, goes on as it happens, and ends with the end', async () => {
    await bear();
    const stream = await openEvents(api, ID);
    expect(stream.status).toBe(200);
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    expect(stream.headers.get('cache-control')).toBe('no-store');
    expect(await stream.next()).toEqual({ retry: '1000' });
    const first = await stream.next();
    expect(first).toMatchObject({ id: '1', event: 'job.queued' });
    expect(JobEventResource.parse(first?.data)).toEqual({
      id: ID, model: 'noop', state: 'queued', version: 1, attempt: 0, error: null, metadata: { deck: '7' },
      url: `/v1/jobs/${ID}`, reason: null, at: '2026-11-21T09:00:00.000Z',
    }); // prettier-ignore
    await to('running');
    expect(await stream.next()).toMatchObject({ id: '2', event: 'job.started', data: { attempt: 1 } });
    await progress(0.5, 'page 3');
    expect(await stream.next()).toEqual({
      event: 'progress',
      data: { attempt: 1, fraction: 0.5, message: 'page 3', at: '2026-11-21T09:00:00.000Z' },
    });
    await to('queued', {
      error: { kind: 'crash', message: 'exit code 1' },
      reason: 'crash',
      patch: { progress: null },
    });
    expect(await stream.next()).toMatchObject({
      id: '3',
      event: 'job.queued',
      data: { reason: 'crash', error: { kind: 'crash' } },
    });
    await to('running');
    await to('succeeded', { patch: { progress: { fraction: 1, message: null, atMs: T } } });
    expect((await stream.rest()).map(short)).toEqual(['job.started 4', 'progress 1', 'job.succeeded 5']);
    expect([watches.active(), clock.timers()]).toEqual([0, []]);
  });

  test('goes on behind Last-Event-ID, with no gap and nothing twice, wherever it was cut', async () => {
    await bear();
    await to('running');
    await progress(0.25, 'page 1');
    await to('canceling');
    await to('canceled');
    const all = ['job.queued 1', 'job.started 2', 'job.canceling 3', 'job.canceled 4'];
    for (let cut = 0; cut < all.length; cut += 1) {
      const stream = await openEvents(api, ID, cut === 0 ? {} : { 'last-event-id': String(cut) });
      const got = (await stream.rest()).map(short);
      // The newest progress is sent again on each connection, before the end.
      expect(got).toEqual(['retry 1000', ...all.slice(cut, -1), 'progress 0.25', ...all.slice(-1)]);
    }
    const { status } = await openEvents(api, ID, { 'last-event-id': '4' });
    expect(status).toBe(204);
  });

  test('sends the newest progress again to whoever connects while the job runs', async () => {
    await bear();
    await to('running');
    await progress(0.5, 'page 3');
    const stream = await openEvents(api, ID, { 'last-event-id': '2' });
    expect([await stream.next(), await stream.next()].map((one) => one && short(one))).toEqual([
      'retry 1000',
      'progress 0.5',
    ]);
    await to('succeeded');
    expect((await stream.rest()).map(short)).toEqual(['job.succeeded 3']);
  });

  test('tells of what came between the connection and the first read', async () => {
    await bear();
    const [stream] = await Promise.all([openEvents(api, ID), to('running')]);
    await to('canceling');
    await to('canceled');
    expect((await stream.rest()).map(short)).toEqual([
      'retry 1000',
      'job.queued 1',
      'job.started 2',
      'job.canceling 3',
      'job.canceled 4',
    ]);
  });

  test('says that it is still there each 15 s, and after 50 s leaves the rest to the next one', async () => {
    await bear();
    const stream = await openEvents(api, ID);
    const seen = [await stream.next(), await stream.next()];
    for (const at of [15, 30, 45]) {
      expect(await clock.nextTimer()).toBe(15 * SECOND);
      clock.set(T + at * SECOND);
      seen.push(await stream.next());
    }
    expect(seen.map((one) => one && short(one))).toEqual([
      'retry 1000',
      'job.queued 1',
      ...Array<string>(3).fill(': still here'),
    ]);
    expect(await clock.nextTimer()).toBe(5 * SECOND);
    clock.set(T + 50 * SECOND);
    expect(await stream.rest()).toEqual([]);
    expect([watches.active(), clock.timers()]).toEqual([0, []]);
  });

  test('reads nothing while nothing changes', async () => {
    await bear();
    const stream = await openEvents(api, ID);
    await stream.next();
    await stream.next();
    await clock.nextTimer();
    const before = watches.reads();
    clock.set(T + 15 * SECOND);
    expect(short((await stream.next()) ?? {})).toBe(': still here');
    await clock.nextTimer();
    expect(watches.reads()).toBe(before);
    stream.hangUp();
    await watches.count(0);
  });

  test('that nobody hears any more leaves no watch and no timer', async () => {
    await bear();
    const stream = await openEvents(api, ID);
    await stream.next();
    await stream.next();
    expect(watches.active()).toBe(1);
    await clock.nextTimer();
    stream.hangUp();
    await watches.count(0);
    expect(clock.timers()).toEqual([]);
    expect(api.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('is closed without an end, and logged, when the store fails on the way', async () => {
    await bear();
    const stream = await openEvents(api, ID);
    await stream.next();
    await stream.next();
    await clock.nextTimer();
    watches.fail(new Error('the store is down'));
    await to('running');
    await expect(stream.next()).rejects.toThrow('terminated');
    expect((await api.log.line(({ level }) => level === 'error')).message).toBe('answer broken off');
    await watches.count(0);
    expect(clock.timers()).toEqual([]);
  });
});

describe('the events of a job', () => {
  test.each(['application/json', 'Application/JSON; q=0.9, image/*'])(
    'are a list to a client that takes %s alone',
    async (accept) => {
      await bear();
      await to('running');
      const { items } = JobEventList.parse(
        await (await api.send('GET', `/v1/jobs/${ID}/events`, { headers: { accept } })).json(),
      );
      expect(items.map(({ state, version }) => [state, version])).toEqual([['queued', 1], ['running', 2]]); // prettier-ignore
      expect(watches.active()).toBe(0);
    },
  );

  test('are a page of the list at a time, however many there are, and all of them in the stream', async () => {
    await bear({ state: 'queued' });
    for (let n = 0; n < 60; n += 1) {
      await to('blocked', { reason: 'tenant_limit' });
      await to('queued');
    }
    await to('canceled');
    const page = async (after: number): Promise<[number[], number | null]> => {
      const headers = { accept: 'application/json', 'last-event-id': String(after) };
      const answer = await api.send('GET', `/v1/jobs/${ID}/events`, { headers });
      const { items, next } = JobEventList.parse(await answer.json());
      return [items.map(({ version }) => version), next];
    };
    const versions = Array.from({ length: 122 }, (_, n) => n + 1);
    expect(await page(0)).toEqual([versions.slice(0, 100), 100]);
    expect(await page(100)).toEqual([versions.slice(100), null]);
    expect(await page(122)).toEqual([[], null]);
    const stream = await (await openEvents(api, ID)).rest();
    expect(stream.flatMap(({ id }) => (id === undefined ? [] : [Number(id)]))).toEqual(versions);
    const { sentences, timeline } = Explanation.parse(await (await api.send('GET', `/v1/jobs/${ID}/explain`)).json());
    expect([sentences.length, timeline.length]).toEqual([101, 100]);
    expect(sentences[0]).toBe('Of its 122 changes of state these are the last 100.');
    expect(sentences.at(-1)).toMatch(/^Ended as canceled without an attempt, as was asked/);
  });

  test('and a stream to one that takes both', async () => {
    await bear({ state: 'queued' });
    await to('canceled');
    const stream = await openEvents(api, ID, { accept: 'application/json, text/plain, */*' });
    expect((await stream.rest()).map(short)).toEqual(['retry 1000', 'job.queued 1', 'job.canceled 2']);
  });

  test.each([
    ['x', 400],
    ['-1', 400],
    ['2', 400],
    ['1e9', 400],
  ])('refuse Last-Event-ID %s, which none of them has', async (id, status) => {
    await bear();
    expect((await openEvents(api, ID, { 'last-event-id': id })).status).toBe(status);
    expect(watches.active()).toBe(0);
  });

  test('of another tenant are not there', async () => {
    await bear({ tenant: 'other' });
    for (const accept of ['text/event-stream', 'application/json']) {
      expect((await openEvents(api, ID, { accept })).status).toBe(404);
    }
    expect((await api.send('GET', `/v1/jobs/${ID}/explain`)).status).toBe(404);
  });
});

describe('the explanation of a job', () => {
  test('is made of its events, each state apart (hatchet#1280)', async () => {
    await bear({ state: 'blocked', reason: 'dependency', dependsOn: ['b', 'c'], startByMs: T + 60 * SECOND });
    clock.set(T + 12 * SECOND);
    const answer = await api.send('GET', `/v1/jobs/${ID}/explain`);
    expect(await answer.json()).toEqual({
      sentences: ['Has waited 12 s for 2 other jobs; its start deadline is in 48 s.'],
      timeline: [{ at: '2026-11-21T09:00:00.000Z', state: 'blocked', reason: 'dependency', seconds: 12 }],
    });
  });
});
