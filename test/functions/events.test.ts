import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CloudEvent } from 'cloudevents';
import { refs } from '../../domain/ports.ts';
import { HOUR, SECOND } from '../../domain/time.ts';
import { encodeMessage, EVENT_TYPES } from '../../eventarc/events.ts';
import { dispatch } from '../../functions/dispatch.ts';
import { onJobEvent } from '../../functions/on-job-event.ts';
import type { ServedFunction } from '../../functions/serve.ts';
import { T0 } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { makeRig, QUEUE, type Rig } from './rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = makeRig();
});
afterEach(() => {
  rig.stop();
  removeFolders();
});

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

function nudgeEvent(message: object, more: object = {}): CloudEvent<unknown> {
  return new CloudEvent<unknown>({
    id: 'm1',
    type: EVENT_TYPES.message,
    source: '//pubsub.googleapis.com/projects/p/topics/nudges',
    time: new Date(rig.clock.nowMs()).toISOString(),
    data: bytes(encodeMessage(message, 'm1', T0, 's')),
    ...more,
  });
}

function documentEvent(path: string, more: object = {}): CloudEvent<unknown> {
  return new CloudEvent<unknown>({
    id: 'd1',
    type: EVENT_TYPES.documentCreated,
    source: '//firestore.googleapis.com/projects/p/databases/(default)',
    time: new Date(rig.clock.nowMs()).toISOString(),
    document: path,
    data: bytes({ value: { name: `projects/p/databases/(default)/documents/${path}` } }),
    ...more,
  });
}

async function handle(served: ServedFunction, event: CloudEvent<unknown>): Promise<void> {
  if (served.kind !== 'cloudEvent') throw new Error('not an event function');
  await served.handler(event);
}

const rejectionsOf = async (): Promise<unknown[]> => {
  const ids = rig.log.lines.flatMap(({ message, fields }) =>
    message === 'message rejected' ? [String(fields['rejection'])] : [],
  );
  const read = await Promise.all([...new Set(ids)].map((id) => rig.deps.store.get(refs.rejection(id))));
  return read.map((document) => document?.data);
};

describe('poison', () => {
  test.each<[string, () => [ServedFunction, CloudEvent<unknown>], string]>([
    ['a nudge without a queue', () => [dispatch(rig.deps), nudgeEvent({ line: 1 })], 'a nudge names no queue'],
    ['bytes that are no message', () => [dispatch(rig.deps), nudgeEvent({}, { data: Buffer.from('??') })], 'not JSON'],
    ['another document', () => [onJobEvent(rig.deps), documentEvent('slots/a')], 'not the path of a job event'],
    [
      'ids that are none',
      () => [dispatch(rig.deps), nudgeEvent({}, { type: EVENT_TYPES.due, data: bytes({}) })],
      'slots',
    ],
  ])('is acknowledged and recorded once, however often it comes: %s', async (_, given, reason) => {
    const [served, event] = given();
    for (let n = 0; n < 3; n += 1) await handle(served, event);
    expect(await rejectionsOf()).toEqual([
      expect.objectContaining({ eventId: event.id, source: event.source, reason: expect.stringContaining(reason) }),
    ]);
  });

  test('that cannot be recorded is not acknowledged', async () => {
    const { store } = rig.deps;
    const commit = async (): Promise<never> => {
      throw new Error('the store is down');
    };
    const served = dispatch({ ...rig.deps, store: { ...store, commit } });
    await expect(handle(served, nudgeEvent({}))).rejects.toThrow('down');
  });
});

describe('an event that comes too late', () => {
  test('beyond the bound is dropped, and just before it is not', async () => {
    await rig.submit();
    const old = nudgeEvent({ queue: QUEUE });
    rig.clock.set(T0 + HOUR + SECOND);
    await handle(dispatch(rig.deps), old);
    expect(rig.launched).toHaveLength(0);
    rig.clock.set(T0 + HOUR);
    await handle(dispatch(rig.deps), old);
    expect(rig.launched).toHaveLength(1);
  });

  test('for a queue that this deployment no longer has changes nothing', async () => {
    await handle(dispatch(rig.deps), nudgeEvent({ queue: 'gone@here' }));
    expect(rig.launched).toHaveLength(0);
  });

  test.each([
    ['a job that is gone', 'jobs/gone/events/1'],
    ['a version that never was', 'jobs/job1/events/99'],
  ])('for %s changes nothing', async (_, path) => {
    await rig.submit();
    const before = await rig.job('job1');
    await handle(onJobEvent(rig.deps), documentEvent(path));
    expect(await rig.job('job1')).toEqual(before);
    expect(await rejectionsOf()).toEqual([]);
  });
});

describe('an event that comes more than once, or in no order', () => {
  test('settles once: later versions first, each of them twice at once', async () => {
    const id = await rig.submit();
    const settled: string[] = [];
    const metrics = { ...rig.deps.metrics, settled: async ({ event }: { event: string }) => void settled.push(event) };
    const served = onJobEvent({ ...rig.deps, metrics });
    const read = await rig.deps.store.get(refs.job(id));
    expect(read?.data.version).toBe(1);
    await Promise.all([1, 2].map(() => handle(served, documentEvent(`jobs/${id}/events/1`))));
    await handle(served, documentEvent(`jobs/${id}/events/1`));
    expect(settled).toEqual(['job.queued']);
    expect((await rig.events(id)).map(({ open }) => open)).toEqual([false]);
  });

  test('a burst of nudges for one queue costs two looks', async () => {
    await rig.submit();
    let looks = 0;
    const { store } = rig.deps;
    const query: typeof store.query = async (shape, where, options) => {
      if (shape === 'slotsOfQueue') looks += 1;
      return store.query(shape, where, options);
    };
    const served = dispatch({ ...rig.deps, store: { ...store, query } });
    await Promise.all(Array.from({ length: 50 }, () => handle(served, nudgeEvent({ queue: QUEUE }))));
    expect(rig.launched).toHaveLength(1);
    // Each look reads the slots once or twice, and once more after a launch.
    expect(looks).toBeLessThanOrEqual(6);
  });
});
