import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../domain/contract/door.ts';
import { refs, update, type LaunchRequest } from '../../domain/ports.ts';
import { HOUR, SECOND } from '../../domain/time.ts';
import { dispatchDue, dispatchQueue } from '../../functions/dispatch.ts';
import { cancelJob } from '../../functions/steps/cancel.ts';
import { claimNow } from '../../functions/worker/claim.ts';
import { finish, renew } from '../../functions/worker/finish.ts';
import { ready } from '../../functions/worker/ready.ts';
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

const refused: unknown = expect.objectContaining({ code: 'session_refused' });
const done: Outcome = { kind: 'succeeded', output: { a: 1 }, artifacts: [], metrics: {} };

describe('recovery', () => {
  test('after the lease moves the job on, frees the slot with a later fence, and refuses the old session for good', async () => {
    const id = await rig.submit();
    const session = await rig.worker();
    await claimNow(rig.deps, session, 0);
    rig.clock.set(T0 + 60 * SECOND);
    await rig.due({ slots: [session.slot] });
    expect((await rig.job(id)).state).toBe('running');
    rig.clock.set(T0 + 61 * SECOND);
    await Promise.all([rig.due({ slots: [session.slot] }), rig.due({ slots: [session.slot] })]);
    expect(await rig.job(id)).toMatchObject({
      state: 'queued',
      attempt: 1,
      failures: 0,
      error: { kind: 'worker_lost' },
    });
    expect(await rig.slot(session.slot)).toMatchObject({ state: 'free', fence: 2, jobs: [], execution: null });
    expect(rig.canceled).toContain('execution-1');
    expect((await rig.events(id)).map((event) => event.to)).toEqual(['queued', 'running', 'queued']);
    for (const late of [
      () => finish(rig.deps, session, { job: id, attempt: 1, outcome: done }),
      () => claimNow(rig.deps, session, 0),
      () => renew(rig.deps, session),
    ]) {
      await expect(late()).rejects.toEqual(refused);
    }
  });

  test('ends a job whose cancellation was asked for as canceled', async () => {
    const id = await rig.submit();
    const session = await rig.worker();
    await claimNow(rig.deps, session, 0);
    await cancelJob(rig.deps, id);
    rig.clock.set(T0 + HOUR);
    await rig.due({ slots: [session.slot] });
    expect((await rig.job(id)).state).toBe('canceled');
  });

  test('frees a reservation that nobody came for, and never launches twice for it', async () => {
    await rig.submit();
    rig.answers.push({ kind: 'ambiguous', message: 'timed out' });
    await dispatchQueue(rig.deps, QUEUE);
    await dispatchQueue(rig.deps, QUEUE);
    expect(rig.launched).toHaveLength(1);
    expect(await rig.slot('noop@local~0')).toMatchObject({ state: 'reserved', execution: null });
    rig.clock.set(T0 + 91 * SECOND);
    await rig.due({ slots: ['noop@local~0'] });
    expect(await rig.slot('noop@local~0')).toMatchObject({ state: 'free', fence: 2, bootFailures: 1 });
    expect(rig.nudges).toEqual([QUEUE]);
  });

  test('a failed launch frees its slot; a queue whose launches keep failing rests, and goes on after a while', async () => {
    await rig.submit();
    for (let failure = 1; failure <= 2; failure += 1) {
      rig.answers.push({ kind: 'failed', reason: 'quota', message: 'no quota' });
      await dispatchQueue(rig.deps, QUEUE);
      expect(await rig.slot('noop@local~0')).toMatchObject({ state: 'free', bootFailures: failure });
    }
    await dispatchQueue(rig.deps, QUEUE);
    expect(rig.launched).toHaveLength(2);
    rig.clock.set(T0 + 60 * SECOND);
    await dispatchQueue(rig.deps, QUEUE);
    expect(rig.launched.map((launch) => launch.slot)).toEqual(['noop@local~0', 'noop@local~0', 'noop@local~0']);
  });

  test('workers that are ready and die before their first claim make the queue rest, too', async () => {
    await rig.submit();
    for (let death = 1; death <= 2; death += 1) {
      const session = await rig.worker();
      rig.clock.set(rig.clock.nowMs() + 61 * SECOND);
      await rig.due({ slots: [session.slot] });
      expect(await rig.slot(session.slot)).toMatchObject({ state: 'free', bootFailures: death });
    }
    await dispatchQueue(rig.deps, QUEUE);
    expect(rig.launched).toHaveLength(2);
  });

  test('a model that does not start counts once a boot, and one that runs makes up for it', async () => {
    await Promise.all(Array.from({ length: 4 }, () => rig.submit({ maxAttempts: 1 })));
    const session = await rig.worker();
    const startup: Outcome = { kind: 'failed', error: { kind: 'startup_failed', message: 'no weights' } };
    const counted: number[] = [];
    for (const outcome of [startup, startup, done, startup]) {
      const { job } = await claimNow(rig.deps, session, 0);
      await finish(rig.deps, session, { job: job?.id ?? '', attempt: 1, outcome });
      counted.push((await rig.slot(session.slot)).bootFailures);
    }
    expect(counted).toEqual([1, 1, 0, 0]);
  });

  test('one slot that cannot be looked at keeps no other from recovery', async () => {
    await Promise.all([rig.submit(), rig.submit(), rig.submit()]);
    await dispatchQueue(rig.deps, QUEUE);
    const [first, second] = ['noop@local~0', 'noop@local~1'] as const;
    rig.clock.set(T0 + 301 * SECOND);
    const { store } = rig.deps;
    const get: typeof store.get = async (ref) => {
      if (ref.path === refs.slot(first).path) throw new Error('the store is unwell');
      return store.get(ref);
    };
    const deps = { ...rig.deps, store: { ...store, get } };
    const due = dispatchDue(deps, { slots: [first, second], jobs: [], queues: [] });
    await expect(due).rejects.toThrow('unwell');
    expect([(await rig.slot(first)).state, (await rig.slot(second)).state]).toEqual(['starting', 'free']);
  });

  test('a slot whose lease is over is recovered although the platform tells nothing of its execution', async () => {
    await rig.submit();
    const session = await rig.worker();
    rig.clock.set(T0 + 61 * SECOND);
    const unwell = async (): Promise<never> => {
      throw new Error('the platform is unwell');
    };
    const launcher = { ...rig.deps.launcher, status: unwell, cancel: unwell };
    await dispatchDue({ ...rig.deps, launcher }, { slots: [session.slot], jobs: [], queues: [] });
    expect((await rig.slot(session.slot)).state).toBe('free');
  });

  test('what an ambiguous launch left behind is canceled when its slot is recovered', async () => {
    await rig.submit();
    rig.answers.push({ kind: 'ambiguous', message: 'no answer' });
    await dispatchQueue(rig.deps, QUEUE);
    const slot = 'noop@local~0';
    const left = ['one', 'two'].map((execution) => ({ queue: QUEUE, execution }));
    rig.found.set(`${slot}#1`, left);
    rig.clock.set(T0 + 91 * SECOND);
    await rig.due({ slots: [slot] });
    expect(rig.canceled).toEqual(['one', 'two']);
    expect(await rig.slot(slot)).toMatchObject({ state: 'free', fence: 2 });
  });

  test('a queue that is never still gets its further worker all the same', async () => {
    await Promise.all([rig.submit(), rig.submit(), rig.submit()]);
    const session = await rig.worker();
    await claimNow(rig.deps, session, 0);
    const { store } = rig.deps;
    const count: typeof store.count = async (shape, where, limit) => {
      const read = await store.get(refs.slot(session.slot));
      if (read !== null) await store.commit([update(refs.slot(session.slot), read, { claims: read.data.claims + 1 })]);
      return store.count(shape, where, limit);
    };
    await dispatchQueue({ ...rig.deps, store: { ...store, count } }, QUEUE);
    expect(rig.launched).toHaveLength(2);
  });

  test('a launch reported as failed although its worker is ready leaves the worker its slot', async () => {
    await rig.submit();
    const { launcher } = rig.deps;
    const deps = {
      ...rig.deps,
      launcher: {
        ...launcher,
        launch: async (request: LaunchRequest) => {
          const { ticket, slot, fence } = request;
          await ready(rig.deps, { protocol: 1, ticket, slot, fence, execution: 'e', sessionKey: 'b'.repeat(64) });
          return { kind: 'failed', reason: 'other', message: 'deadline exceeded' } as const;
        },
      },
    };
    await dispatchQueue(deps, QUEUE);
    expect(await rig.slot('noop@local~0')).toMatchObject({ state: 'ready', execution: 'e' });
  });
});
