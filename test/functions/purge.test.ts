import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Job } from '../../domain/contract/job.ts';
import { create, refs, remove, update, type Store } from '../../domain/ports.ts';
import { born, move } from '../../domain/state.ts';
import { DAY, HOUR, NEVER_MS, SECOND } from '../../domain/time.ts';
import { onJobEvent } from '../../functions/on-job-event.ts';
import { purgeJob } from '../../functions/steps/purge.ts';
import { releaseIfReady } from '../../functions/steps/release.ts';
import { settleEvent } from '../../functions/steps/settle.ts';
import { sweepOnce } from '../../functions/sweep.ts';
import { makeJob, T0 } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { dueEvent, handle } from './event-requests.ts';
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
const read = async (id: string): Promise<Job | null> => (await store().get(refs.job(id)))?.data ?? null;

async function to(id: string, state: 'running' | 'succeeded' | 'failed', patch: Partial<Job> = {}): Promise<void> {
  const job = await store().get(refs.job(id));
  if (job === null) throw new Error('no such job');
  await store().commit(move(job, state, rig.clock.nowMs(), { patch }));
}

/** A job with something of everything that a job can have, ended and settled, and told of; `chunks` of log in each of two attempts. */
async function ended(overrides: Partial<Job> = {}, chunks = 3): Promise<string> {
  const webhook = { url: 'http://127.0.0.1/hook', events: ['job.succeeded' as const] };
  const id = await rig.submit({ webhook, metadata: { deck: '7' }, labels: ['a'], input: { secret: 1 }, ...overrides });
  await to(id, 'running', { attempt: 2 });
  const path = `jobs/${id}/2/page.pdf`;
  const artifacts = [{ name: 'page.pdf', contentType: 'application/pdf', sizeBytes: 3, path }];
  await to(id, 'succeeded', { artifacts, output: { text: 'made' }, metrics: { pages: 1 } });
  rig.blobs.set(path, 3);
  for (const seq of [1, 2, 3]) await settleEvent(rig.deps, id, seq);
  await told(id);
  const logs = [1, 2].flatMap((attempt) => Array.from({ length: chunks }, (_, seq) => ({ attempt, seq })));
  await store().commit([
    create(refs.jobPrivate(id), { schema: 1, webhookSecret: 'whsec_' }),
    create(refs.edge('before', id), { schema: 1, parent: 'before', child: id }),
    create(refs.edge(id, 'after'), { schema: 1, parent: id, child: 'after' }),
    ...logs.map(({ attempt, seq }) =>
      create(refs.log(id, attempt, seq), { schema: 1, jobId: id, attempt, seq, lines: [] }),
    ),
  ]);
  return id;
}

async function told(id: string): Promise<void> {
  const { items } = await store().query('deliveriesOfJob', { jobId: id }, { limit: 10 });
  for (const item of items) {
    await store().commit([
      update(refs.delivery(item.data.id), item, { state: 'delivered', claims: 1, nextAtMs: NEVER_MS }),
    ]);
  }
}

/** All that there is of a job beside its document. */
async function leftOf(id: string): Promise<string[]> {
  const options = { limit: 1_000 };
  const pages = await Promise.all([
    store().query('eventsOfJob', { jobId: id }, options),
    store().query('deliveriesOfJob', { jobId: id }, options),
    store().query('logsOfJob', { jobId: id, attempt: 1 }, options),
    store().query('logsOfJob', { jobId: id, attempt: 2 }, options),
    store().query('children', { parent: id }, options),
    store().query('parents', { child: id }, options),
  ]);
  const secret = await store().get(refs.jobPrivate(id));
  return [
    ...pages.flatMap(({ items }) => items.map(({ path }) => path)),
    ...(secret === null ? [] : [secret.path]),
    ...[...rig.blobs.keys()].filter((path) => path.startsWith(`jobs/${id}/`)),
  ];
}

const HAS = 3 + 1 + 6 + 2 + 1 + 1;

describe('a job whose retention is over', () => {
  test('is a tombstone of which nothing else is left, and no other job is touched', async () => {
    const [id, other] = [await ended({ retryOf: 'x' }), await ended()];
    expect(await leftOf(id)).toHaveLength(HAS);
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
    expect(await leftOf(other)).toHaveLength(HAS);
    expect(await read(other)).toEqual(before);
  });

  test.each<[string, Partial<Job>, number]>([
    ['as long as it asked for', { retentionMs: HOUR }, HOUR],
    ['30 days where it is of a build that let nobody ask', {}, 30 * DAY],
  ])('is kept %s, and not a moment longer than till the next sweep', async (_, asked, keptMs) => {
    const id = await ended(asked);
    rig.clock.set(T0 + keptMs - 1);
    await purgeJob(rig.deps, id);
    expect(await leftOf(id)).toHaveLength(HAS);
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

describe('a tombstone', () => {
  async function tombstone(): Promise<string> {
    const id = await ended();
    rig.clock.set(T0 + 30 * DAY);
    await purgeJob(rig.deps, id);
    return id;
  }

  test('is deleted 30 days later, with what came to it meanwhile', async () => {
    const id = await tombstone();
    await store().commit([create(refs.edge(id, 'late'), { schema: 1, parent: id, child: 'late' })]);
    rig.clock.set(T0 + 60 * DAY - 1);
    await purgeJob(rig.deps, id);
    expect(await read(id)).not.toBeNull();
    rig.clock.set(T0 + 60 * DAY);
    await purgeJob(rig.deps, id);
    expect([await read(id), await leftOf(id)]).toEqual([null, []]);
  });

  test('whose deletion comes late leaves a new job of the same id alone', async () => {
    const id = await tombstone();
    rig.clock.set(T0 + 60 * DAY);
    const late: Store = {
      ...store(),
      commit: async (writes) => {
        await purgeJob(rig.deps, id);
        await store().commit(born(makeJob({ id, input: { new: true } })));
        await store().commit(writes);
      },
    };
    await purgeJob({ ...rig.deps, store: late }, id);
    expect(await read(id)).toMatchObject({ input: { new: true }, tenant: 'default' });
    expect(await leftOf(id)).toEqual([refs.event(id, 1).path]);
  });

  test('of a job of which parts were read before leaves those of a new job of the same id alone', async () => {
    const id = await tombstone();
    await store().commit([create(refs.edge(id, 'late'), { schema: 1, parent: id, child: 'late' })]);
    rig.clock.set(T0 + 60 * DAY);
    let isFirst = true;
    const late: Store = {
      ...store(),
      commit: async (writes) => {
        if (isFirst) {
          isFirst = false;
          await purgeJob(rig.deps, id);
          const edge = create(refs.edge(id, 'late'), { schema: 1, parent: id, child: 'late' });
          await store().commit([...born(makeJob({ id })), edge]);
        }
        await store().commit(writes);
      },
    };
    await purgeJob({ ...rig.deps, store: late }, id);
    expect(await leftOf(id)).toEqual([refs.event(id, 1).path, refs.edge(id, 'late').path]);
  });
});

describe('sweep and on-job-event', () => {
  const rejection = (atMs: number) => ({
    schema: 1 as const,
    function: 'dispatch',
    source: 's',
    eventId: 'e',
    type: 't',
    reason: 'r',
    excerpt: '',
    atMs,
  });
  const sweeps = (): Promise<void> =>
    sweepOnce(
      {
        ...rig.deps,
        calls: {
          due: async (name, ids) => (name === 'on-job-event' ? handle(served(), dueEvent(ids, at())) : undefined),
        },
      },
      60 * SECOND,
    );
  const served = () => onJobEvent(rig.deps);
  const at = (): number => rig.clock.nowMs();

  test('purge what is due, job, tombstone and message on record, and nothing that is not', async () => {
    const [old, young] = [await ended(), await ended({ retentionMs: 31 * DAY })];
    await store().commit([
      create(refs.rejection('a1'), rejection(T0)),
      create(refs.rejection('b2'), rejection(T0 + 1)),
    ]);
    rig.clock.set(T0 + 30 * DAY);
    await sweeps();
    expect(await leftOf(old)).toEqual([]);
    expect(await leftOf(young)).toHaveLength(HAS);
    expect(await store().get(refs.rejection('a1'))).toBeNull();
    expect(await store().get(refs.rejection('b2'))).not.toBeNull();
    rig.clock.set(T0 + 60 * DAY);
    await sweeps();
    expect([await read(old), await leftOf(young)]).toEqual([null, []]);
    expect((await read(young))?.tombstone?.tenant).toBe('default');
  });

  test('take the call of a sweep of an older build, which knows of no purges', async () => {
    const id = await rig.submit();
    await handle(served(), dueEvent({ events: [refs.event(id, 1).path] }, at()));
    expect((await rig.events(id))[0]?.open).toBe(false);
  });

  test('record a path that is none, and purge the others all the same', async () => {
    const id = await ended();
    rig.clock.set(T0 + 30 * DAY);
    await handle(served(), dueEvent({ events: [], purges: ['tenants/default', `jobs/${id}`] }, at()));
    expect(await leftOf(id)).toEqual([]);
    expect(rig.log.lines.map(({ message }) => message)).toContain('message rejected');
  });
});
