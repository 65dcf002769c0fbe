import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../domain/contract/door.ts';
import { RequestError } from '../../domain/errors.ts';
import { SECOND } from '../../domain/time.ts';
import { dispatchQueue } from '../../functions/dispatch.ts';
import { claim, claimNow } from '../../functions/worker/claim.ts';
import { finish, release, renew } from '../../functions/worker/finish.ts';
import { ready } from '../../functions/worker/ready.ts';
import { artifact, report } from '../../functions/worker/report.ts';
import { parseSession } from '../../functions/worker/session.ts';
import { cancelJob } from '../../functions/steps/cancel.ts';
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
const still = new AbortController().signal;
const done: Outcome = { kind: 'succeeded', output: { a: 1 }, artifacts: [], metrics: {} };

describe('ready', () => {
  test('is answered alike when it is repeated, and refuses the twin that has the same ticket', async () => {
    await rig.submit();
    const session = await rig.worker('winner');
    const launch = rig.launched[0];
    if (launch === undefined) throw new Error('not launched');
    const again = { protocol: 1, ...launch, sessionKey: session.key };
    expect(await ready(rig.deps, { ...again, execution: 'winner' })).toEqual(session.reply);
    await expect(ready(rig.deps, { ...again, execution: 'twin' })).rejects.toEqual(refused);
    const otherKey = { ...again, execution: 'winner', sessionKey: 'f'.repeat(64) };
    await expect(ready(rig.deps, otherKey)).rejects.toEqual(refused);
  });

  test.each([
    ['a ticket that was never given', { ticket: 'guess' }],
    ['a fence of another time', { fence: 7 }],
    ['a slot that is not there', { slot: 'noop@local~9' }],
  ])('refuses %s', async (_, wrong) => {
    await rig.submit();
    await dispatchQueue(rig.deps, QUEUE);
    const launch = rig.launched[0];
    if (launch === undefined) throw new Error('not launched');
    const good = { protocol: 1, ...launch, execution: 'e', sessionKey: 'a'.repeat(64) };
    await expect(ready(rig.deps, { ...good, ...wrong })).rejects.toEqual(refused);
    expect((await rig.slot(launch.slot)).state).toBe('starting');
    expect(await ready(rig.deps, good)).toMatchObject({ models: ['noop'] });
  });

  test('refuses a worker of another protocol and frees its slot at once, as a boot that failed', async () => {
    await rig.submit();
    await dispatchQueue(rig.deps, QUEUE);
    const [launch] = rig.launched;
    if (launch === undefined) throw new Error('not launched');
    const stranger = { ...launch, protocol: 99, execution: 'e', sessionKey: 'a'.repeat(64) };
    await expect(ready(rig.deps, { ...stranger, ticket: 'guess' })).rejects.toEqual(refused);
    expect((await rig.slot(launch.slot)).state).toBe('starting');
    for (let tries = 0; tries < 2; tries += 1) await expect(ready(rig.deps, stranger)).rejects.toEqual(refused);
    expect(await rig.slot(launch.slot)).toMatchObject({ state: 'free', fence: 1, bootFailures: 1, ticketHash: null });
    // Its ticket is void, whatever it speaks next.
    await expect(ready(rig.deps, { ...stranger, protocol: 1 })).rejects.toEqual(refused);
  });
});

describe('ready, of what cannot be read,', () => {
  const launched = async () => {
    await rig.submit();
    await dispatchQueue(rig.deps, QUEUE);
    const [launch] = rig.launched;
    if (launch === undefined) throw new Error('not launched');
    return launch;
  };

  test('refuses a worker whose protocol says other things by other names, and frees its slot', async () => {
    const { slot, fence, ticket } = await launched();
    const stranger = { protocol: 2, slot, fence, ticket, run: { of: 'another shape' }, sessionKey: 7 };
    await expect(ready(rig.deps, stranger)).rejects.toEqual(refused);
    expect(await rig.slot(slot)).toMatchObject({ state: 'free', bootFailures: 1 });
  });

  test.each([
    ['a path for the name of an execution', { execution: 'a/b' }, '/execution'],
    ['no session key', { sessionKey: '' }, '/sessionKey'],
    ['a slot of no queue', { slot: '../x' }, '/slot'],
  ])('names the field, and leaves the slot to be taken: %s', async (_, wrong, field) => {
    const launch = await launched();
    const good = { protocol: 1, ...launch, execution: 'e', sessionKey: 'a'.repeat(64) };
    await expect(ready(rig.deps, { ...good, ...wrong })).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [{ field }],
    });
    expect((await rig.slot(launch.slot)).state).toBe('starting');
  });
});

describe('claim', () => {
  test('takes jobs by rank and puts job and slot together', async () => {
    await rig.submit({ rank: T0 + 500 });
    const first = await rig.submit({ rank: T0 - 500 });
    const session = await rig.worker();
    const { job } = await claimNow(rig.deps, session, 0);
    expect(job).toMatchObject({ id: first, attempt: 1 });
    expect(await rig.slot(session.slot)).toMatchObject({ jobs: [first], state: 'ready' });
    expect(await rig.job(first)).toMatchObject({
      state: 'running',
      holder: { slot: session.slot, fence: 1, attempt: 1 },
    });
  });

  test('gives the same job again to a worker that missed the answer', async () => {
    const [first] = [await rig.submit(), await rig.submit()];
    const session = await rig.worker();
    await claimNow(rig.deps, session, 0);
    expect((await claimNow(rig.deps, session, 0)).job).toMatchObject({ id: first, attempt: 1 });
  });

  test('is not held up by jobs at the head whose start deadline has passed: it ends them and goes on', async () => {
    const late = await Promise.all(Array.from({ length: 20 }, () => rig.submit({ startByMs: T0 + SECOND })));
    const good = await rig.submit();
    const session = await rig.worker();
    rig.clock.set(T0 + 2 * SECOND);
    expect((await claimNow(rig.deps, session, 0)).job).toMatchObject({ id: good });
    const states = await Promise.all(late.slice(0, 16).map(async (id) => (await rig.job(id)).state));
    expect(new Set(states)).toEqual(new Set(['expired']));
  });

  test('held open, answers as soon as a job is queued', async () => {
    const first = await rig.submit();
    const session = await rig.worker();
    await claimNow(rig.deps, session, 0);
    await finish(rig.deps, session, { job: first, attempt: 1, outcome: done });
    const held = claim(rig.deps, session, { holdMs: 50_000, loadMs: 0 }, still);
    await rig.clock.nextTimer();
    const second = await rig.submit();
    expect((await held).job).toMatchObject({ id: second });
    expect(rig.clock.timers()).toEqual([]);
  });

  test('held open, answers empty when its time is up, and not later', async () => {
    const first = await rig.submit();
    const session = await rig.worker();
    await claimNow(rig.deps, session, 0);
    await finish(rig.deps, session, { job: first, attempt: 1, outcome: done });
    const held = claim(rig.deps, session, { holdMs: 9_000, loadMs: 0 }, still);
    expect(await rig.clock.nextTimer()).toBe(9_000);
    rig.clock.set(rig.clock.nowMs() + 9_000);
    expect(await held).toEqual({ job: null, drain: false });
  });

  test('claims nothing for a worker that has hung up', async () => {
    const id = await rig.submit();
    const session = await rig.worker();
    expect(await claim(rig.deps, session, { holdMs: 0, loadMs: 0 }, AbortSignal.abort())).toEqual({
      job: null,
      drain: false,
    });
    expect((await rig.job(id)).state).toBe('queued');
  });
});

describe('finish', () => {
  test('is accepted once, and answered alike when it is repeated', async () => {
    const id = await rig.submit();
    const session = await rig.worker();
    await claimNow(rig.deps, session, 0);
    const request = { job: id, attempt: 1, outcome: done };
    expect(await finish(rig.deps, session, request)).toEqual({ accepted: true });
    expect(await finish(rig.deps, session, request)).toEqual({ accepted: true });
    expect(await rig.job(id)).toMatchObject({ state: 'succeeded', output: { a: 1 }, version: 3, holder: null });
    expect((await rig.slot(session.slot)).jobs).toEqual([]);
  });

  test('of an attempt that is not the present one changes nothing', async () => {
    const id = await rig.submit();
    const session = await rig.worker();
    await claimNow(rig.deps, session, 0);
    expect(await finish(rig.deps, session, { job: id, attempt: 2, outcome: done })).toEqual({ accepted: false });
    expect((await rig.job(id)).state).toBe('running');
  });

  test('counts an artifact only if it was uploaded, whole, to where this attempt may put it', async () => {
    const id = await rig.submit({ maxAttempts: 1 });
    const session = await rig.worker();
    await claimNow(rig.deps, session, 0);
    const asked = { job: id, attempt: 1, name: 'a.png', contentType: 'image/png', sizeBytes: 10 };
    const { path } = await artifact(rig.deps, session, asked);
    expect(path).toBe(`jobs/${id}/1/a.png`);
    rig.blobs.set(path, 9);
    const artifacts = [{ name: 'a.png', contentType: 'image/png', sizeBytes: 10, path }];
    await finish(rig.deps, session, {
      job: id,
      attempt: 1,
      outcome: { kind: 'succeeded', output: null, artifacts, metrics: {} },
    });
    expect(await rig.job(id)).toMatchObject({ state: 'failed', error: { kind: 'output_invalid' } });
  });

  test('of an output that no store could hold fails the job with the reason, however deep it is', async () => {
    let output: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) output = [output];
    const id = await rig.submit({ maxAttempts: 1 });
    const session = await rig.worker();
    await claimNow(rig.deps, session, 0);
    await finish(rig.deps, session, { job: id, attempt: 1, outcome: { ...done, output } });
    expect(await rig.job(id)).toMatchObject({ state: 'failed', error: { kind: 'output_invalid' }, output: null });
  });

  test.each([
    ['crash', 'queued', 1],
    ['preempted', 'queued', 0],
    ['invalid_input', 'failed', 1],
  ] as const)('with the error %s leads to %s, counting %i', async (kind, state, failures) => {
    const id = await rig.submit();
    const session = await rig.worker();
    await claimNow(rig.deps, session, 0);
    await finish(rig.deps, session, {
      job: id,
      attempt: 1,
      outcome: { kind: 'failed', error: { kind, message: 'so' } },
    });
    expect(await rig.job(id)).toMatchObject({ state, failures, error: { kind } });
    expect(rig.nudges).toEqual(state === 'queued' ? [QUEUE] : []);
  });

  test('of a job that is to be canceled ends it as canceled, whatever came out', async () => {
    const id = await rig.submit();
    const session = await rig.worker();
    await claimNow(rig.deps, session, 0);
    expect(await cancelJob(rig.deps, id)).toBe('canceling');
    expect(await renew(rig.deps, session)).toEqual({ cancel: [id], drain: false });
    await finish(rig.deps, session, { job: id, attempt: 1, outcome: done });
    expect(await rig.job(id)).toMatchObject({ state: 'canceled', output: null });
  });
});

test('a report stores a chunk of log lines once, however often it comes, and tells of a cancellation', async () => {
  const id = await rig.submit();
  const session = await rig.worker();
  await claimNow(rig.deps, session, 0);
  const line = { stream: 'stdout' as const, text: 'hello', atMs: T0 };
  const request = {
    job: id,
    attempt: 1,
    progress: { fraction: 0.5, message: 'half' },
    metrics: { x: 1 },
    logSeq: 0,
    logs: [line],
  };
  expect(await report(rig.deps, session, request)).toEqual({ cancel: false });
  await cancelJob(rig.deps, id);
  expect(await report(rig.deps, session, request)).toEqual({ cancel: true });
  expect(await rig.deps.store.count('logsOfJob', { jobId: id, attempt: 1 }, 10)).toBe(1);
  expect(await rig.job(id)).toMatchObject({ progress: { fraction: 0.5 }, metrics: { x: 1 }, version: 3 });
});

test('release frees the slot and nudges if a job came meanwhile', async () => {
  const id = await rig.submit();
  const session = await rig.worker();
  await claimNow(rig.deps, session, 0);
  expect(await release(rig.deps, session)).toEqual({ released: false });
  await finish(rig.deps, session, { job: id, attempt: 1, outcome: done });
  await rig.submit();
  rig.nudges.length = 0;
  expect(await release(rig.deps, session)).toEqual({ released: true });
  expect(rig.nudges).toEqual([QUEUE]);
  await expect(renew(rig.deps, session)).rejects.toEqual(refused);
});

test.each([undefined, '', 'noop@local~0.1', `noop@local~0.x.${'a'.repeat(64)}`, `.1.${'a'.repeat(63)}`])(
  'the session %j is none',
  (header) => {
    expect(() => parseSession(header)).toThrow(RequestError);
  },
);
