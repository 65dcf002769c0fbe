import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../domain/contract/door.ts';
import type { Job } from '../../domain/contract/job.ts';
import { create, refs, update, type Write } from '../../domain/ports.ts';
import { MINUTE } from '../../domain/time.ts';
import { dispatchQueue } from '../../functions/dispatch.ts';
import { onJobEvent } from '../../functions/on-job-event.ts';
import { cancelJob } from '../../functions/steps/cancel.ts';
import { settleEvent } from '../../functions/steps/settle.ts';
import { claimNow } from '../../functions/worker/claim.ts';
import { finish } from '../../functions/worker/finish.ts';
import type { Session } from '../../functions/worker/session.ts';
import { removeFolders } from '../local/folder.ts';
import { dueEvent, handle } from './event-requests.ts';
import { makeRig, QUEUE, type Rig } from './rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = makeRig({ max: 4 });
});
afterEach(() => {
  rig.stop();
  removeFolders();
});

const done: Outcome = { kind: 'succeeded', output: 1, artifacts: [], metrics: {} };
const crashed: Outcome = { kind: 'failed', error: { kind: 'crash', message: 'exit 1' } };

async function tenant(id: string, running: number | null): Promise<void> {
  const ref = refs.tenant(id);
  const limits = { running, queued: null };
  const read = await rig.deps.store.get(ref);
  const made = { schema: 1 as const, id, title: id, accounts: [], limits, keyChanges: 0, createdAtMs: 0 };
  await rig.deps.store.commit([read === null ? create(ref, made) : update(ref, read, { limits })]);
}
const submit = (id: string, more: Partial<Job> = {}): Promise<string> =>
  rig.submit({ tenant: id, limited: true, ...more });
const next = async (session: Session): Promise<string | null> => (await claimNow(rig.deps, session, 0)).job?.id ?? null;
const end = (session: Session, job: string, outcome: Outcome = done, attempt = 1): Promise<unknown> =>
  finish(rig.deps, session, { job, attempt, outcome });
const places = async (id: string): Promise<string[]> =>
  (await rig.deps.store.query('placesOfTenant', { tenant: id }, { limit: 99 })).items.map(({ data }) => data.job);
const settleAll = async (id: string): Promise<void> => {
  for (const { seq } of await rig.events(id)) await settleEvent(rig.deps, id, seq);
};
/** Workers that are there, started by jobs that are gone again. */
async function workers(count: number): Promise<Session[]> {
  const sessions: Session[] = [];
  for (let n = 0; n < count; n += 1) {
    const id = await rig.submit({ tenant: 'starter', queuedAtMs: rig.clock.nowMs() - MINUTE });
    sessions.push(await rig.worker());
    await cancelJob(rig.deps, id);
  }
  return sessions;
}

describe('a tenant with a running limit', () => {
  test('has no more jobs running; the next one waits out of the way of others, and is queued when a place is free', async () => {
    await tenant('lab', 1);
    const [one, other] = (await workers(2)) as [Session, Session];
    const [first, second] = [await submit('lab'), await submit('lab')];
    const others = await rig.submit({ tenant: 'team' });
    expect(await next(one)).toBe(first);
    expect(await next(other)).toBe(others);
    expect(await rig.job(second)).toMatchObject({ state: 'blocked', reason: 'tenant_limit', version: 2 });
    expect(await places('lab')).toEqual([first]);
    rig.nudges.length = 0;
    await end(one, first);
    expect(await places('lab')).toEqual([]);
    expect((await rig.job(second)).state).toBe('queued');
    expect(rig.nudges).toEqual([QUEUE]);
    expect(await next(one)).toBe(second);
    expect(await places('lab')).toEqual([second]);
  });

  test('hides nobody, however many of its jobs stand at the head, and they are queued again by rank', async () => {
    await tenant('lab', 1);
    const [one, other] = (await workers(2)) as [Session, Session];
    const jobs = [];
    for (let n = 0; n < 120; n += 1) jobs.push(await submit('lab'));
    const others = await rig.submit({ tenant: 'team' });
    expect(await next(one)).toBe(jobs[0]);
    expect(await next(other)).toBe(others);
    await end(one, jobs[0] ?? '');
    expect(await next(one)).toBe(jobs[1]);
  });

  test('gives a place back by every way that a job can leave its worker', async () => {
    await tenant('lab', 1);
    const [worker] = (await workers(1)) as [Session];
    const failing = await submit('lab');
    await next(worker);
    await end(worker, failing, crashed);
    expect(await rig.job(failing)).toMatchObject({ state: 'queued', place: null });
    expect(await places('lab')).toEqual([]);
    await next(worker);
    await end(worker, failing, crashed, 2);
    expect(await rig.job(failing)).toMatchObject({ state: 'blocked', reason: 'backoff', place: null });
    expect(await places('lab')).toEqual([]);

    const canceled = await submit('lab');
    expect(await next(worker)).toBe(canceled);
    await cancelJob(rig.deps, canceled);
    expect(await places('lab')).toEqual([canceled]);
    await end(worker, canceled);
    expect((await rig.job(canceled)).state).toBe('canceled');
    expect(await places('lab')).toEqual([]);

    const lost = await submit('lab');
    expect(await next(worker)).toBe(lost);
    rig.clock.set(rig.clock.nowMs() + 2 * MINUTE);
    await rig.due({ slots: [worker.slot] });
    expect(await rig.job(lost)).toMatchObject({ state: 'queued', place: null });
    expect(await places('lab')).toEqual([]);
  });

  test('whose next job is canceled on its way to the place has the one after it queued, once its event is settled', async () => {
    await tenant('lab', 1);
    const queued = await submit('lab');
    const waiting = await submit('lab', { state: 'blocked', reason: 'tenant_limit' });
    await settleAll(waiting);
    expect((await rig.job(waiting)).state).toBe('blocked');
    await cancelJob(rig.deps, queued);
    await settleAll(queued);
    await settleAll(queued);
    expect(await rig.job(waiting)).toMatchObject({ state: 'queued', version: 2 });
  });

  test('has as many queued as there are places, however often it is looked', async () => {
    await tenant('lab', 2);
    const waiting = [];
    for (let n = 0; n < 4; n += 1) waiting.push(await submit('lab', { state: 'blocked', reason: 'tenant_limit' }));
    await Promise.all(waiting.map(settleAll));
    await Promise.all(waiting.map(settleAll));
    const states = await Promise.all(waiting.map(async (id) => (await rig.job(id)).state));
    expect(states).toEqual(['queued', 'queued', 'blocked', 'blocked']);
  });

  test('that is lifted has more queued than one answer has time for: the event stays open, and goes on', async () => {
    await tenant('lab', null);
    const waiting: string[] = [];
    for (let n = 0; n < 60; n += 1) waiting.push(await submit('lab', { state: 'blocked', reason: 'tenant_limit' }));
    const [first = '', last = ''] = [waiting[0], waiting.at(-1)];
    await settleEvent(rig.deps, last, 1, 0);
    expect((await rig.events(last))[0]?.open).toBe(true);
    const stateOf = async (id: string): Promise<string> => (await rig.job(id)).state;
    expect([await stateOf(first), await stateOf(last)]).toEqual(['queued', 'blocked']);
    await settleEvent(rig.deps, last, 1, 0);
    await settleEvent(rig.deps, last, 1, 0);
    await settleEvent(rig.deps, last, 1, 0);
    expect((await rig.events(last))[0]?.open).toBe(false);
    expect(await stateOf(last)).toBe('queued');
  });

  test('that was lifted and is marked is filled by the call of sweep, to the end', async () => {
    await tenant('lab', null);
    const waiting: string[] = [];
    for (let n = 0; n < 60; n += 1) waiting.push(await submit('lab', { state: 'blocked', reason: 'tenant_limit' }));
    const read = await rig.deps.store.get(refs.tenant('lab'));
    if (read !== null) await rig.deps.store.commit([update(refs.tenant('lab'), read, { fill: true })]);
    await handle(onJobEvent(rig.deps), dueEvent({ events: [], tenants: ['lab'] }, rig.clock.nowMs()));
    const states = await Promise.all(waiting.map(async (id) => (await rig.job(id)).state));
    expect(new Set(states)).toEqual(new Set(['queued']));
    expect((await rig.deps.store.get(refs.tenant('lab')))?.data.fill).toBe(false);
  });

  test('starts no worker by jobs that wait for a place', async () => {
    await tenant('lab', 1);
    await submit('lab', { state: 'blocked', reason: 'tenant_limit' });
    await dispatchQueue(rig.deps, QUEUE);
    expect(rig.launched).toEqual([]);
  });

  test('that was lowered has no more than it may, though several claims at once find the same places free', async () => {
    await tenant('lab', 8);
    const sessions = await workers(4);
    const [first, ...racers] = sessions as [Session, ...Session[]];
    const long = await submit('lab');
    const picks = [0.99];
    const deps = { ...rig.deps, random: { ...rig.deps.random, unit: () => picks.shift() ?? 0 } };
    expect((await claimNow(deps, first, 0)).job?.id).toBe(long);
    expect((await rig.job(long)).place).toBe(7);
    await tenant('lab', 2);
    for (let n = 0; n < 3; n += 1) await submit('lab');
    picks.push(0, 0.5, 0.99);
    const claims = await Promise.all(racers.map((session) => claimNow(deps, session, 0)));
    expect(claims.filter(({ job }) => job !== null)).toHaveLength(1);
    expect(await places('lab')).toHaveLength(2);
  });

  test('that was lowered takes no new place until it is kept, and one that was lifted asks for none', async () => {
    await tenant('lab', 2);
    const [one, two, three] = (await workers(3)) as [Session, Session, Session];
    const jobs = [await submit('lab'), await submit('lab'), await submit('lab')] as const;
    expect([await next(one), await next(two)]).toEqual(jobs.slice(0, 2));
    await tenant('lab', 1);
    expect(await next(three)).toBeNull();
    await end(one, jobs[0]);
    expect((await rig.job(jobs[2])).state).toBe('blocked');
    await tenant('lab', null);
    await end(two, jobs[1]);
    expect(await next(three)).toBe(jobs[2]);
    expect(await places('lab')).toEqual([]);
  });
});

test('a job without a limit costs its claim and its finish no read and no write more', async () => {
  const [worker] = (await workers(1)) as [Session];
  const id = await rig.submit();
  const [read, written]: [string[], Write[]] = [[], []];
  const { store } = rig.deps;
  const watched = {
    ...rig.deps,
    store: {
      ...store,
      get: ((ref) => (read.push(ref.path), store.get(ref))) as typeof store.get,
      count: ((shape, where, limit) => (read.push(shape), store.count(shape, where, limit))) as typeof store.count,
      query: ((shape, where, options) => (read.push(shape), store.query(shape, where, options))) as typeof store.query,
      commit: (writes: readonly Write[]) => (written.push(...writes), store.commit(writes)),
    },
  };
  await claimNow(watched, worker, 0);
  await finish(watched, worker, { job: id, attempt: 1, outcome: done });
  expect(read).toEqual([`slots/${worker.slot}`, 'claimable', `slots/${worker.slot}`, `jobs/${id}`]);
  expect(written).toHaveLength(6);
});

test('many jobs of many tenants at once: each ends once, and no tenant ever has more running than it may', async () => {
  const tenants = Array.from({ length: 10 }, (_, n) => `t${n}`);
  for (const id of tenants) await tenant(id, 1 + (id.charCodeAt(1) % 2));
  const sessions = await workers(4);
  const jobs: string[] = [];
  for (let n = 0; n < 12; n += 1) for (const id of tenants) jobs.push(await submit(id));
  const { store } = rig.deps;
  let most = 0;
  const check = async (): Promise<void> => {
    const running = (await store.query('heldJobs', { state: 'running' }, { limit: 99 })).items.map(({ data }) => data);
    for (const id of tenants) {
      const held = running.filter((job) => job.tenant === id).length;
      expect(held).toBeLessThanOrEqual(1 + (id.charCodeAt(1) % 2));
      most = Math.max(most, held);
    }
  };
  await Promise.all(
    sessions.map(async (session) => {
      for (let job = await next(session); job !== null; job = await next(session)) {
        await check();
        await end(session, job, done, (await rig.job(job)).attempt);
      }
    }),
  );
  const states = await Promise.all(jobs.map(async (id) => (await rig.job(id)).state));
  expect(states.filter((state) => state !== 'succeeded')).toEqual([]);
  expect(most).toBeGreaterThan(0);
});
