import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Job } from '../../domain/contract/job.ts';
import { create, refs, remove, update, type Store } from '../../domain/ports.ts';
import { born } from '../../domain/state.ts';
import { DAY, HOUR, NEVER_MS } from '../../domain/time.ts';
import { purgeJob } from '../../functions/steps/purge.ts';
import { releaseIfReady } from '../../functions/steps/release.ts';
import { makeJob, T0 } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { endedJob, PARTS, partsOf, readJob } from './purge-rig.ts';
import { makeRig, type Rig } from './rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = makeRig();
});
afterEach(() => {
  rig.stop();
  removeFolders();
});

const store = (): Store => rig.deps.store;
const read = (id: string): Promise<Job | null> => readJob(rig, id);
const ended = (over: Partial<Job> = {}, chunks?: number): Promise<string> => endedJob(rig, over, chunks);
const leftOf = (id: string): Promise<string[]> => partsOf(rig, id);

describe('a job whose retention is over', () => {
  test('is a tombstone of which nothing else is left, and no other job is touched', async () => {
    const [id, other] = [await ended({ retryOf: 'x' }), await ended()];
    expect(await leftOf(id)).toHaveLength(PARTS);
    const before = await read(other);
    rig.clock.set(T0 + 30 * DAY);
    await purgeJob(rig.deps, id);
    expect(await leftOf(id)).toEqual([]);
    expect(await read(id)).toEqual({
      ...makeJob({ id, rank: T0 + 1, retryOf: 'x', labels: [], input: null, tenant: '', attempt: 2 }),
      state: 'succeeded',
      version: 3,
      finishedAtMs: T0,
      tombstone: { tenant: 'default', purgedAtMs: T0 + 30 * DAY },
      purgeAtMs: T0 + 60 * DAY,
    });
    expect(await leftOf(other)).toHaveLength(PARTS);
    expect(await read(other)).toEqual(before);
  });

  test.each<[string, Partial<Job>, number]>([
    ['as long as it asked for', { retentionMs: HOUR }, HOUR],
    ['30 days where it is of a build that let nobody ask', {}, 30 * DAY],
  ])('is kept %s, and not a moment longer than till the next sweep', async (_, asked, keptMs) => {
    const id = await ended(asked);
    rig.clock.set(T0 + keptMs - 1);
    await purgeJob(rig.deps, id);
    expect(await leftOf(id)).toHaveLength(PARTS);
    rig.clock.set(T0 + keptMs);
    await purgeJob(rig.deps, id);
    expect(await leftOf(id)).toEqual([]);
  });

  test('of a build that did not write down when it is over is kept', async () => {
    const id = await rig.submit({ state: 'succeeded', finishedAtMs: T0 });
    rig.clock.set(T0 + 1_000 * DAY);
    await purgeJob(rig.deps, id);
    expect(await read(id)).not.toHaveProperty('tombstone');
    expect((await store().query('purgeDue', { schema: 1 }, { limit: 10 })).items).toEqual([]);
  });

  test('has no tombstone before the last of it is gone, however little time each call has', async () => {
    const id = await ended({}, 120);
    rig.clock.set(T0 + 30 * DAY);
    const deps = { ...rig.deps, clock: { ...rig.clock, nowMs: () => rig.clock.nowMs() + 1 } };
    let calls = 0;
    for (let left = Infinity; left > 0; calls += 1) {
      expect(await read(id)).not.toHaveProperty('tombstone');
      await purgeJob(deps, id, 0);
      const leaves = (await leftOf(id)).length;
      expect(leaves).toBeLessThan(left);
      left = leaves;
    }
    expect(calls).toBeGreaterThan(6);
    expect(await read(id)).toHaveProperty('tombstone');
  });

  test.each(['before', 'after'] as const)(
    'is purged all the same where it was cut off %s any of its steps',
    async (when) => {
      const cutOff = (at: number): Rig['deps'] => {
        let steps = 0;
        const step = async (act: () => Promise<void>): Promise<void> => {
          steps += 1;
          if (steps === at && when === 'before') throw new Error('cut off');
          await act();
          if (steps === at) throw new Error('cut off');
        };
        return {
          ...rig.deps,
          store: { ...store(), commit: (writes) => step(() => store().commit(writes)) },
          blobs: { ...rig.deps.blobs, remove: (path) => step(() => rig.deps.blobs.remove(path)) },
        };
      };
      let cuts = 0;
      for (let isCut = true; isCut; cuts += 1) {
        const id = await ended();
        const dueMs = (await read(id))?.purgeAtMs ?? 0;
        rig.clock.set(dueMs);
        isCut = await purgeJob(cutOff(cuts + 1), id).then(
          () => false,
          () => true,
        );
        if ((await read(id))?.tombstone !== undefined) expect(await leftOf(id)).toEqual([]);
        await purgeJob(rig.deps, id);
        expect(await leftOf(id)).toEqual([]);
        expect(await read(id)).toMatchObject({ tenant: '', purgeAtMs: dueMs + 30 * DAY });
      }
      // Edges both ways, deliveries, two logs, a blob, events, the document.
      expect(cuts - 1).toBe(8);
    },
  );

  test('is purged once by any number of calls at once', async () => {
    const id = await ended();
    rig.clock.set(T0 + 30 * DAY);
    await Promise.all([1, 2, 3, 4].map(() => purgeJob(rig.deps, id)));
    // Of those that met at a document one went on.
    await purgeJob(rig.deps, id);
    expect(await leftOf(id)).toEqual([]);
    expect((await read(id))?.tombstone).toEqual({ tenant: 'default', purgedAtMs: T0 + 30 * DAY });
    expect(rig.log.lines.filter(({ message }) => message === 'job purged')).toHaveLength(1);
  });
});

describe('a job that is still needed', () => {
  const cases: readonly [string, (id: string) => Promise<void>, (id: string) => Promise<void>][] = [
    ['an event of it is not settled', async (id) => setOpen(id, true), async (id) => setOpen(id, false)],
    [
      'a webhook is still to be sent',
      async (id) => setDelivery(id, 'pending'),
      async (id) => setDelivery(id, 'exhausted'),
    ],
    [
      'another job waits for it',
      async () => void (await store().commit(born(waiting('after')))),
      async () => void (await store().commit([remove(refs.job('after'))])),
    ],
  ];
  test.each(cases)('is left whole, and looked at again in an hour: %s', async (_, need, free) => {
    const id = await ended();
    await need(id);
    const before = await leftOf(id);
    rig.clock.set(T0 + 30 * DAY);
    await purgeJob(rig.deps, id);
    expect(await leftOf(id)).toEqual(before);
    expect(await read(id)).toMatchObject({ tenant: 'default', purgeAtMs: T0 + 30 * DAY + HOUR });
    await free(id);
    rig.clock.set(T0 + 30 * DAY + HOUR - 1);
    await purgeJob(rig.deps, id);
    expect(await leftOf(id)).toEqual(before);
    rig.clock.set(T0 + 30 * DAY + HOUR);
    await purgeJob(rig.deps, id);
    expect(await leftOf(id)).toEqual([]);
  });

  const setOpen = async (id: string, open: boolean): Promise<void> => {
    const event = await store().get(refs.event(id, 3));
    if (event !== null) await store().commit([update(refs.event(id, 3), event, { open })]);
  };
  const setDelivery = async (id: string, state: 'pending' | 'exhausted'): Promise<void> => {
    const ref = refs.delivery(`${id}~3~job`);
    const delivery = await store().get(ref);
    if (delivery === null) throw new Error('no delivery');
    await store().commit([update(ref, delivery, { state })]);
  };
});

const waiting = (id: string, over: Partial<Job> = {}): Job =>
  makeJob({ id, state: 'blocked', reason: 'dependency', untilMs: NEVER_MS, queuedAtMs: null, ...over });

describe('dependants', () => {
  test.each<[string, Partial<Job>]>([
    ['too early to be queued', { state: 'blocked', reason: 'not_before' }],
    ['between two attempts', { state: 'blocked', reason: 'backoff' }],
    ['queued', { state: 'queued', reason: null }],
    ['running', { state: 'running', reason: null }],
  ])('that have its output in their input already hold nothing up: %s', async (_, over) => {
    const id = await ended();
    await store().commit(born(waiting('after', over)));
    rig.clock.set(T0 + 30 * DAY);
    await purgeJob(rig.deps, id);
    expect(await leftOf(id)).toEqual([]);
  });

  test('that come just as it is purged fail, and say why', async () => {
    const id = await ended();
    rig.clock.set(T0 + 30 * DAY);
    await purgeJob(rig.deps, id);
    const child = waiting('late', { dependsOn: [id], inputFrom: [{ pointer: '/text', job: id, path: '/text' }] });
    await store().commit([...born(child), create(refs.edge(id, 'late'), { schema: 1, parent: id, child: 'late' })]);
    await releaseIfReady(rig.deps, 'late');
    expect(await read('late')).toMatchObject({
      state: 'failed',
      error: { kind: 'dependency_failed', message: `Job ${id} is gone, so this one cannot run.` },
    });
  });
});
