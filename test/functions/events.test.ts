import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CloudEvent } from 'cloudevents';
import type { SettledRecord } from '../../domain/metrics.ts';
import { refs } from '../../domain/ports.ts';
import { HOUR, SECOND } from '../../domain/time.ts';
import { dispatch } from '../../functions/dispatch.ts';
import { onJobEvent } from '../../functions/on-job-event.ts';
import type { ServedFunction } from '../../functions/served-function.ts';
import { claimNow } from '../../functions/worker/claim.ts';
import { finish } from '../../functions/worker/finish.ts';
import { T0 } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { documentEvent as createdEvent, dueEvent, handle, messageEvent } from './event-requests.ts';
import { makeRig, QUEUE, type Rig } from './rig.ts';

const FAILED = { kind: 'failed', error: { kind: 'model_error', message: 'no' } } as const;
const LOST = { kind: 'failed', error: { kind: 'preempted', message: 'gone' } } as const;

let rig: Rig;
beforeEach(() => {
  rig = makeRig();
});
afterEach(() => {
  rig.stop();
  removeFolders();
});

const nudgeEvent = (message: object, more: object = {}): CloudEvent<unknown> =>
  messageEvent(message, rig.clock.nowMs(), more);
const documentEvent = (path: string, more: object = {}): CloudEvent<unknown> =>
  createdEvent(path, rig.clock.nowMs(), more);

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
    ['ids that are none', () => [dispatch(rig.deps), dueEvent({}, rig.clock.nowMs())], 'slots'],
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
  test('settles each version once: later ones first, each of them twice at once and once more', async () => {
    const id = await rig.submit();
    const settled: SettledRecord[] = [];
    const metrics = { ...rig.deps.metrics, settled: async (record: SettledRecord) => void settled.push(record) };
    const served = onJobEvent({ ...rig.deps, metrics });
    const session = await rig.worker();
    await claimNow(rig.deps, session, 0);
    await finish(rig.deps, session, { job: id, attempt: 1, outcome: FAILED });
    for (const version of [3, 2, 1]) {
      const event = documentEvent(`jobs/${id}/events/${version}`);
      await Promise.all([handle(served, event), handle(served, event)]);
      await handle(served, event);
    }
    expect(settled.map(({ event }) => event)).toEqual(['job.failed', 'job.running', 'job.queued']);
    expect((await rig.events(id)).map(({ open }) => open)).toEqual([false, false, false]);
    expect((await rig.job(id)).cost).not.toBeNull();
  });

  test('counts times only where they are still known: a start that is told of after the job was queued again has none', async () => {
    const id = await rig.submit({ maxAttempts: 2, runTimeoutMs: 9_000 });
    const settled: SettledRecord[] = [];
    const metrics = { ...rig.deps.metrics, settled: async (record: SettledRecord) => void settled.push(record) };
    const served = onJobEvent({ ...rig.deps, metrics });
    rig.clock.set(T0 + 5_000);
    const session = await rig.worker();
    await claimNow(rig.deps, session, 0);
    await handle(served, documentEvent(`jobs/${id}/events/2`));
    rig.clock.set(T0 + 12_000);
    await finish(rig.deps, session, { job: id, attempt: 1, outcome: LOST });
    await handle(served, documentEvent(`jobs/${id}/events/3`));
    await claimNow(rig.deps, session, 0);
    rig.clock.set(T0 + 20_000);
    await finish(rig.deps, session, { job: id, attempt: 2, outcome: LOST });
    await handle(served, documentEvent(`jobs/${id}/events/4`));
    const times = settled.map(({ event, queuedMs, runMs, runShare }) => [event, queuedMs, runMs, runShare]);
    expect(times).toEqual([
      ['job.running', 5_000, null, null],
      // Of the ten minutes that its model has, whatever the job itself was given.
      ['job.queued', null, 7_000, 7 / 600],
      ['job.running', 0, null, null],
    ]);
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
