import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { StoredFile } from '../../domain/contract/file.ts';
import { create, refs } from '../../domain/ports.ts';
import { DAY, SECOND } from '../../domain/time.ts';
import type { Deps } from '../../functions/deps.ts';
import { sweepOnce } from '../../functions/sweep.ts';
import { T0 } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { makeRig, type Rig } from './rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = makeRig({ max: 4 });
});
afterEach(() => {
  rig.stop();
  removeFolders();
});

const aFile = (id: string, expiresAtMs: number): StoredFile => ({
  schema: 1,
  id,
  tenant: 'local',
  name: null,
  contentType: 'text/plain',
  sizeBytes: 1,
  sha256: '',
  path: `files/${id}`,
  requestHash: '',
  createdAtMs: 0,
  expiresAtMs,
});

/** Something for each duty but orphans and deliveries: a slot that looks abandoned, a late job, an open event, a queue that waits, a file that ended. */
async function makeWork(): Promise<void> {
  await rig.submit();
  await rig.worker();
  await rig.submit({ startByMs: T0 + SECOND });
  await rig.deps.store.commit([create(refs.file('ended'), aFile('ended', T0 + SECOND))]);
  await rig.deps.store.commit([create(refs.file('lasts'), aFile('lasts', T0 + DAY))]);
  rig.clock.set(T0 + 120 * SECOND);
}

function swept(over: (deps: Deps) => Partial<Deps>): { readonly deps: Deps; readonly did: Set<string> } {
  const did = new Set<string>();
  const base: Deps = {
    ...rig.deps,
    calls: {
      due: async (to, ids) => {
        for (const [list, found] of Object.entries(ids)) if (found.length > 0) did.add(`${to} ${list}`);
        if ('purges' in ids && ids.purges.length > 0) expect(ids.purges).toEqual(['files/ended']);
      },
    },
    metrics: { ...rig.deps.metrics, gauges: async () => void did.add('gauges') },
  };
  return { did, deps: { ...base, ...over(base) } };
}

const ALL = [
  'dispatch slots',
  'dispatch jobs',
  'dispatch queues',
  'on-job-event events',
  'on-job-event purges',
  'gauges',
];

test('does all that is due', async () => {
  await makeWork();
  const { deps, did } = swept(() => ({}));
  await sweepOnce(deps, 60 * SECOND);
  expect([...did].sort()).toEqual([...ALL].sort());
});

test.each([
  ['slotsInState', 'dispatch slots'],
  ['startDue', 'dispatch jobs'],
  ['openEvents', 'on-job-event events'],
  ['filesByEnd', 'on-job-event purges'],
] as const)(
  'a query that fails, %s, keeps it from its own duty alone, and is an error at the end',
  async (shape, own) => {
    await makeWork();
    const { deps, did } = swept(({ store }) => {
      const query: typeof store.query = async (asked, where, options) => {
        if (asked === shape) throw new Error('the query requires an index');
        return store.query(asked, where, options);
      };
      return { store: { ...store, query } };
    });
    await expect(sweepOnce(deps, 60 * SECOND)).rejects.toThrow(/1 of the steps/);
    expect([...did].sort()).toEqual(ALL.filter((duty) => duty !== own).sort());
  },
);

test('a call that is not answered holds up nothing else', async () => {
  await makeWork();
  const hangs = Promise.withResolvers<void>();
  const { deps, did } = swept(({ calls, metrics }) => {
    const answerWhenAllIsDone = (): void => {
      if (did.size === ALL.length) hangs.resolve();
    };
    return {
      calls: {
        due: async (to, ids) => {
          await calls.due(to, ids);
          answerWhenAllIsDone();
          if ('slots' in ids && ids.slots.length > 0) await hangs.promise;
        },
      },
      metrics: { ...metrics, gauges: (points) => metrics.gauges(points).then(answerWhenAllIsDone) },
    };
  });
  await sweepOnce(deps, 60 * SECOND);
  expect(did.size).toBe(ALL.length);
});

test('calls are made until the next sweep begins, and no longer', async () => {
  for (let n = 0; n < 120; n += 1) await rig.submit({ startByMs: T0 + SECOND });
  rig.clock.set(T0 + 2 * SECOND);
  const taken: number[] = [];
  const { deps } = swept(() => ({
    calls: {
      due: async (_, ids) => {
        if (!('jobs' in ids) || ids.jobs.length === 0) return;
        taken.push(ids.jobs.length);
        rig.clock.set(rig.clock.nowMs() + 40 * SECOND);
      },
    },
  }));
  await sweepOnce(deps, 60 * SECOND);
  expect(taken).toEqual([50, 50]);
});
