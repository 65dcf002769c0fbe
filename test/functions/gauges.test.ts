import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SIGNS } from '../../domain/alerts.ts';
import type { Outcome } from '../../domain/contract/door.ts';
import type { Queue } from '../../domain/contract/model.ts';
import { refs, update, type Gauge } from '../../domain/ports.ts';
import { HOUR, MINUTE } from '../../domain/time.ts';
import type { Deps } from '../../functions/deps.ts';
import { dispatch } from '../../functions/dispatch.ts';
import { sweepOnce } from '../../functions/sweep.ts';
import { claimNow } from '../../functions/worker/claim.ts';
import { finish } from '../../functions/worker/finish.ts';
import { T0 } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { dueEvent, handle } from './event-requests.ts';
import { makeRig, QUEUE, type Rig } from './rig.ts';

const DONE: Outcome = { kind: 'succeeded', output: {}, artifacts: [], metrics: {} };

let rig: Rig;
let written: readonly Gauge[];
let metrics: Deps['metrics'];
beforeEach(() => {
  rig = makeRig();
  written = [];
  metrics = { ...rig.deps.metrics, gauges: async (points) => void (written = points) };
});
afterEach(() => {
  rig.stop();
  removeFolders();
});

const gauge = (name: Gauge['name'], queue: string | null = QUEUE): number | undefined =>
  written.find((point) => point.name === name && point.queue === queue)?.value;

describe('gauges', () => {
  const OTHER = 'other@local';
  const swept = async (over: Partial<Deps['store']>): Promise<void> => {
    const queue = rig.deps.catalogue.queues.get(QUEUE) as Queue;
    const queues = new Map([
      [QUEUE, queue],
      [OTHER, { ...queue, name: OTHER }],
    ]);
    const catalogue = { ...rig.deps.catalogue, queues };
    await sweepOnce({ ...rig.deps, metrics, catalogue, store: { ...rig.deps.store, ...over } }, MINUTE);
  };

  test('say what waits, what is held, what is open, and what came to nothing', async () => {
    await rig.submit();
    await rig.worker();
    rig.clock.set(T0 + 30_000);
    await swept({});
    expect(written).toEqual([
      { name: 'open_events', queue: null, value: 1 },
      { name: 'queued_jobs', queue: QUEUE, value: 1 },
      { name: 'oldest_queued_seconds', queue: QUEUE, value: 30 },
      { name: 'held_slots', queue: QUEUE, value: 1 },
      { name: 'boot_failures', queue: QUEUE, value: 0 },
      ...(['queued_jobs', 'oldest_queued_seconds', 'held_slots', 'boot_failures'] as const).map((name) => ({
        name,
        queue: OTHER,
        value: 0,
      })),
    ]);
  });

  test('of a queue that cannot be read are missing, and no others: sweep is not silent', async () => {
    const { store } = rig.deps;
    const query: typeof store.query = async (shape, where, options) => {
      if (shape === 'backlog' && (where as { home: string }).home === QUEUE)
        throw new Error('the query requires an index');
      return store.query(shape, where, options);
    };
    await expect(swept({ query })).rejects.toThrow(/1 of the steps/);
    expect(gauge('open_events', null)).toBe(0);
    expect(written.filter(({ queue }) => queue === OTHER)).toHaveLength(4);
    expect(written.filter(({ queue }) => queue === QUEUE)).toEqual([]);
    expect(rig.log.lines.at(-1)?.fields).toMatchObject({ what: 'gauges', error: 'Error: the query requires an index' });
  });

  test('of queues are written though open events cannot be counted', async () => {
    const { store } = rig.deps;
    const count: typeof store.count = async (shape, where, limit) => {
      if (shape === 'openEvents') throw new Error('too slow');
      return store.count(shape, where, limit);
    };
    await expect(swept({ count })).rejects.toThrow(/1 of the steps/);
    expect(gauge('open_events', null)).toBeUndefined();
    expect(written).toHaveLength(8);
  });
});

describe('boots that fail, one after the other', () => {
  let launches: number;
  beforeEach(() => {
    launches = 0;
  });

  /** Sweeps each minute while no launch succeeds, and tells what the gauge has said. */
  async function failFor(ms: number): Promise<(number | undefined)[]> {
    const launch: Deps['launcher']['launch'] = async () => {
      launches += 1;
      return { kind: 'failed', reason: 'quota', message: 'no quota' };
    };
    const deps: Deps = { ...rig.deps, metrics, launcher: { ...rig.deps.launcher, launch } };
    const calls: Deps['calls'] = {
      due: async (to, ids) => {
        if (to === 'dispatch') await handle(dispatch(deps), dueEvent(ids, rig.clock.nowMs()));
      },
    };
    const said: (number | undefined)[] = [];
    for (const end = rig.clock.nowMs() + ms; rig.clock.nowMs() < end; rig.clock.set(rig.clock.nowMs() + MINUTE)) {
      await sweepOnce({ ...deps, calls }, MINUTE);
      said.push(gauge('boot_failures'));
    }
    return said;
  }
  const isFailing = (said: number | undefined): boolean => (said ?? 0) > SIGNS.failing_boots.most;

  test('are told of within minutes, and all the time, however rarely they are tried again', async () => {
    await rig.submit();
    const said = await failFor(8 * HOUR);
    const first = said.findIndex(isFailing);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(10);
    expect(said.slice(first).every(isFailing)).toBe(true);
    // Those of the last hours are further apart than anything that counts them would look back.
    expect(launches).toBeLessThan(20);
  });

  test('are forgotten with the first job that a worker runs', async () => {
    await rig.submit();
    await failFor(30 * MINUTE);
    rig.clock.set(rig.clock.nowMs() + HOUR);
    const session = await rig.worker();
    const { job } = await claimNow(rig.deps, session, 0);
    await finish(rig.deps, session, { job: job?.id ?? '', attempt: 1, outcome: DONE });
    await sweepOnce({ ...rig.deps, metrics }, MINUTE);
    expect(gauge('boot_failures')).toBe(0);
  });

  test('are forgotten where nothing waits any more', async () => {
    const id = await rig.submit();
    const said = await failFor(30 * MINUTE);
    expect(isFailing(said.at(-1))).toBe(true);
    const read = await rig.deps.store.get(refs.job(id));
    if (read === null) throw new Error('there is no job');
    await rig.deps.store.commit([update(refs.job(id), read, { state: 'canceled' })]);
    const after = await failFor(2 * HOUR);
    expect(after.at(-1)).toBe(0);
  });
});
