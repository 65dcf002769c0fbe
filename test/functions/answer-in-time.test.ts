import { afterEach, expect, test } from '@jest/globals';
import type { Deps } from '../../functions/deps.ts';
import type { Messages, Topic } from '../../domain/messages.ts';
import { create, refs } from '../../domain/ports.ts';
import { move } from '../../domain/state.ts';
import { SECOND } from '../../domain/time.ts';
import { dispatch, dispatchQueue } from '../../functions/dispatch.ts';
import { onJobEvent } from '../../functions/on-job-event.ts';
import { makeJob, T0 } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { documentEvent, dueEvent, handle, messageEvent } from './event-requests.ts';
import { makeRig, QUEUE, type Rig } from './rig.ts';

/** Within this an event is answered; two seconds later it would come again. */
const ANSWER_MS = 8 * SECOND;

let rig: Rig;
afterEach(() => {
  rig.stop();
  removeFolders();
});

const pass = (ms: number): void => rig.clock.set(rig.clock.nowMs() + ms);

/** The rig's functions with a slow platform, and what they publish. */
function slow(ms: { readonly launch?: number; readonly page?: number }): {
  readonly deps: Deps;
  readonly published: [Topic, Messages[Topic]][];
} {
  const published: [Topic, Messages[Topic]][] = [];
  const { store, launcher } = rig.deps;
  const query: typeof store.query = async (shape, where, options) => {
    if (shape === 'children') pass(ms.page ?? 0);
    return store.query(shape, where, options);
  };
  return {
    published,
    deps: {
      ...rig.deps,
      store: { ...store, query },
      launcher: {
        ...launcher,
        launch: async (request) => {
          pass(ms.launch ?? 0);
          return launcher.launch(request);
        },
      },
      bus: { publish: async (topic, message) => void published.push([topic, message]) },
    },
  };
}

async function tookMs(answer: Promise<void>): Promise<number> {
  const beganMs = rig.clock.nowMs();
  await answer;
  return rig.clock.nowMs() - beganMs;
}

test.each([200, 1_500, 6_000])(
  'launches of %i ms: each nudge is answered in time, and the next goes on until there are workers enough',
  async (launch) => {
    rig = makeRig({ max: 12 });
    for (let n = 0; n < 40; n += 1) await rig.submit();
    const { deps, published } = slow({ launch });
    const served = dispatch(deps);
    await deps.bus.publish('nudges', { queue: QUEUE });
    let [nudges, longestMs] = [0, 0];
    for (let next = published.shift(); next !== undefined; next = published.shift()) {
      nudges += 1;
      longestMs = Math.max(longestMs, await tookMs(handle(served, messageEvent(next[1], rig.clock.nowMs()))));
    }
    expect(rig.launched).toHaveLength(12);
    expect(longestMs).toBeLessThanOrEqual(ANSWER_MS);
    expect(nudges).toBeGreaterThan(launch === 200 ? 1 : 5);
  },
);

test('a nudge that has waited for a slow look before its own is answered in time as well, and leaves its look to another', async () => {
  rig = makeRig({ max: 12 });
  for (let n = 0; n < 40; n += 1) await rig.submit();
  const { deps, published } = slow({ launch: 6_000 });
  const served = dispatch(deps);
  const both = [1, 2].map(() => tookMs(handle(served, messageEvent({ queue: QUEUE }, rig.clock.nowMs()))));
  expect(Math.max(...(await Promise.all(both)))).toBeLessThanOrEqual(ANSWER_MS);
  expect(rig.launched).toHaveLength(1);
  expect(published.length).toBeGreaterThan(0);
});

/** A job that has ended, with jobs that wait for it. */
async function withDependants(count: number): Promise<string> {
  const { store } = rig.deps;
  const parent = await rig.submit();
  for (const state of ['running', 'succeeded'] as const) {
    const read = await store.get(refs.job(parent));
    if (read === null) throw new Error('no job');
    await store.commit(move(read, state, T0, { patch: { output: {} } }));
  }
  for (let n = 0; n < count; n += 1) {
    const id = `child${String(n).padStart(3, '0')}`;
    const child = makeJob({ id, state: 'blocked', reason: 'dependency', queuedAtMs: null, dependsOn: [parent] });
    await store.commit([create(refs.job(id), child), create(refs.edge(parent, id), { schema: 1, parent, child: id })]);
  }
  return parent;
}

const blocked = (): Promise<number> => rig.deps.store.count('blockedDue', { state: 'blocked' }, 1_000);

test('a job with many dependants: each event is answered in time, and its message goes on until all are queued', async () => {
  rig = makeRig();
  const parent = await withDependants(110);
  const { deps, published } = slow({ page: 1_500 });
  const served = onJobEvent(deps);
  const event = `jobs/${parent}/events/3`;
  let tookLongest = await tookMs(handle(served, documentEvent(event, rig.clock.nowMs())));
  const left = [await blocked()];
  for (let went = published.splice(0); went.some(([topic]) => topic === 'events'); went = published.splice(0)) {
    expect(went.filter(([topic]) => topic === 'events')).toEqual([['events', { event }]]);
    tookLongest = Math.max(tookLongest, await tookMs(handle(served, messageEvent({ event }, rig.clock.nowMs()))));
    left.push(await blocked());
  }
  expect(tookLongest).toBeLessThanOrEqual(ANSWER_MS);
  expect(left.length).toBeGreaterThan(2);
  expect(left.at(-1)).toBe(0);
  expect((await rig.events(parent)).map(({ open }) => open)).toEqual([true, true, false]);
});

test('with those messages lost, each of sweep’s calls gets further than the one before', async () => {
  rig = makeRig();
  const parent = await withDependants(110);
  const { deps } = slow({ page: 5_000 });
  const served = onJobEvent(deps);
  const left: number[] = [];
  for (let sweeps = 0; sweeps < 5; sweeps += 1) {
    await handle(served, dueEvent({ events: [`jobs/${parent}/events/3`] }, rig.clock.nowMs()));
    left.push(await blocked());
  }
  expect(left).toEqual([85, 60, 35, 10, 0]);
});

test('a nudge that is slow to be published keeps nobody from looking at the queue', async () => {
  rig = makeRig({ max: 1 });
  const { store } = rig.deps;
  const began = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let looks = 0;
  const query: typeof store.query = async (shape, where, options) => {
    if (shape === 'slotsOfQueue' && (looks += 1) === 1) {
      began.resolve();
      await goOn.promise;
    }
    return store.query(shape, where, options);
  };
  const published = Promise.withResolvers<void>();
  let publishing = 0;
  const bus = {
    publish: () => {
      if ((publishing += 1) === 2) published.resolve();
      return new Promise<void>(() => undefined);
    },
  };
  const served = dispatch({ ...rig.deps, bus, store: Object.assign(Object.create(store) as typeof store, { query }) });
  await rig.submit();
  const nudged = () => handle(served, messageEvent({ queue: QUEUE }, rig.clock.nowMs()));
  void nudged();
  await began.promise;
  // Waits for the look that is under way, until there is no time left for one of its own.
  void nudged();
  rig.clock.set(rig.clock.nowMs() + rig.deps.settings.beginForMs + 1);
  goOn.resolve();
  await published.promise;
  await nudged();
  expect(looks).toBeGreaterThan(1);
  expect(rig.launched).toHaveLength(1);
});

test('one slot of which the platform does not tell does not keep the others from being looked at', async () => {
  rig = makeRig({ max: 3 });
  const looked: string[] = [];
  const hangs = Promise.withResolvers<'running'>();
  const first = Promise.withResolvers<void>();
  const status: typeof rig.deps.launcher.status = ({ execution }) => {
    looked.push(execution);
    if (looked.length === 3) first.resolve();
    return looked.length === 1 ? hangs.promise : Promise.resolve('running');
  };
  for (let n = 0; n < 40; n += 1) await rig.submit();
  await dispatchQueue(rig.deps, QUEUE);
  expect(rig.launched).toHaveLength(3);
  const served = dispatch({ ...rig.deps, launcher: { ...rig.deps.launcher, status } });
  const slots = [0, 1, 2].map((index) => `${QUEUE}~${index}`);
  const answer = handle(served, dueEvent({ slots, jobs: [], queues: [] }, rig.clock.nowMs()));
  await first.promise;
  hangs.resolve('running');
  await answer;
  expect(new Set(looked).size).toBe(3);
});
