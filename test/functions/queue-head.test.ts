import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { dispatchQueue } from '../../functions/dispatch.ts';
import { cancelJob } from '../../functions/steps/cancel.ts';
import { claimNow } from '../../functions/worker/claim.ts';
import { headOf, MOST } from '../../functions/worker/queue-head.ts';
import { ready } from '../../functions/worker/ready.ts';
import { T0 } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { makeRig, QUEUE, type Rig } from './rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = makeRig({ max: 6 });
});
afterEach(() => {
  rig.stop();
  removeFolders();
});

test('claims that come together are given different jobs by two looks, the head among them', async () => {
  const jobs: string[] = [];
  for (let n = 0; n < 6; n += 1) jobs.push(await rig.submit({ rank: T0 + n }));
  await dispatchQueue(rig.deps, QUEUE);
  expect(rig.launched).toHaveLength(6);
  const sessions = await Promise.all(
    rig.launched.map(async (launch, n) => {
      const session = { slot: launch.slot, fence: launch.fence, key: String(n).repeat(64) };
      await ready(rig.deps, { ...launch, protocol: 1, execution: `e${n}`, sessionKey: session.key });
      return session;
    }),
  );
  const { store } = rig.deps;
  let [looks, lost] = [0, 0];
  const counting: typeof store = {
    ...store,
    query: async (shape, where, options) => {
      looks += 1;
      return store.query(shape, where, options);
    },
    commit: async (writes) => {
      await store.commit(writes).catch((error: unknown) => {
        lost += 1;
        throw error;
      });
    },
  };
  const deps = { ...rig.deps, store: counting };
  const replies = await Promise.all(sessions.map((session) => claimNow(deps, session, 0)));
  expect(replies.map(({ job }) => job?.id).sort()).toEqual(jobs.sort());
  // The second look may still see what the first claim is about to take.
  expect(lost).toBeLessThanOrEqual(1);
  expect(looks).toBeLessThanOrEqual(2);
});

test('a claim is never told that the queue is empty by a look that began before it came', async () => {
  const { store } = rig.deps;
  const gate = Promise.withResolvers<void>();
  let held = true;
  const slow: typeof store = {
    ...store,
    query: async (shape, where, options) => {
      const page = await store.query(shape, where, options);
      if (held) await gate.promise;
      return page;
    },
  };
  // A look that has seen an empty queue and has not come back yet; then a job comes, and then a claim.
  const early = headOf(slow, QUEUE);
  await new Promise(setImmediate);
  const late = await rig.submit();
  const claiming = headOf(slow, QUEUE);
  held = false;
  gate.resolve();
  expect((await early).isEmpty).toBe(true);
  expect((await claiming).take()?.seen.data.id).toBe(late);
});

test('a look far behind the head reads no inputs; a job of it that is to be run is read whole, as it is by then', async () => {
  const [first, second] = [await rig.submit({ input: { text: 'first' } }), await rig.submit()];
  const head = await headOf(rig.deps.store, QUEUE, MOST);
  const [one, other] = [head.take(), head.take()];
  expect(one?.seen.data).toMatchObject({ id: first, state: 'queued' });
  expect(one?.seen.data).not.toHaveProperty('input');
  expect(await one?.whole()).toMatchObject({ etag: one?.seen.etag, data: { input: { text: 'first' } } });
  await cancelJob(rig.deps, second);
  expect((await other?.whole())?.etag).not.toBe(other?.seen.etag);
});
