import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Job } from '../../domain/contract/job.ts';
import { create, refs, type Store } from '../../domain/ports.ts';
import { born } from '../../domain/state.ts';
import { DAY, SECOND } from '../../domain/time.ts';
import { onJobEvent } from '../../functions/on-job-event.ts';
import { purgeJob } from '../../functions/steps/purge.ts';
import { sweepOnce } from '../../functions/sweep.ts';
import { makeJob, T0 } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { dueEvent, handle } from './event-requests.ts';
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
    expect(await leftOf(young)).toHaveLength(PARTS);
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
