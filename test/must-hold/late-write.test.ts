import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Outcome } from '../../domain/contract/door.ts';
import type { Job, JobEvent } from '../../domain/contract/job.ts';
import type { Slot } from '../../domain/contract/slot.ts';
import { SECOND } from '../../domain/time.ts';
import { claimNow } from '../../functions/worker/claim.ts';
import { finish, release, renew } from '../../functions/worker/finish.ts';
import { artifact, report } from '../../functions/worker/report.ts';
import type { Session } from '../../functions/worker/session.ts';
import { T0 } from '../domain/make-job.ts';
import { makeRig, type Rig } from '../functions/rig.ts';
import { removeFolders } from '../local/folder.ts';

let rig: Rig;
let id: string;
let lost: Session;
let present: Session;

/** One job, taken by a worker that then lost its slot, and again by the next worker of that slot. */
beforeEach(async () => {
  rig = makeRig({ max: 1 });
  id = await rig.submit();
  lost = await rig.worker();
  await claimNow(rig.deps, lost, 0);
  rig.clock.set(T0 + 61 * SECOND);
  await rig.due({ slots: [lost.slot] });
  present = await rig.worker();
  expect(present.slot).toBe(lost.slot);
  expect((await claimNow(rig.deps, present, 0)).job).toMatchObject({ id, attempt: 2 });
});
afterEach(() => {
  rig.stop();
  removeFolders();
});

const refused: unknown = expect.objectContaining({ code: 'session_refused' });
const result = (text: string): Outcome => ({ kind: 'succeeded', output: { text }, artifacts: [], metrics: {} });
const progress = { fraction: 0.9, message: 'late' };
const all = async (): Promise<[Job, JobEvent[], Slot]> => [
  await rig.job(id),
  await rig.events(id),
  await rig.slot(lost.slot),
];

/** Each call of a worker's life, for its own attempt and for its successor's. */
const CALLS: [string, (session: Session) => Promise<unknown>][] = [
  ['finish', (session) => finish(rig.deps, session, { job: id, attempt: 1, outcome: result('late') })],
  [
    "finish of its successor's attempt",
    (session) => finish(rig.deps, session, { job: id, attempt: 2, outcome: result('late') }),
  ],
  [
    'report',
    (session) =>
      report(rig.deps, session, {
        job: id,
        attempt: 1,
        progress,
        metrics: { n: 1 },
        logs: [{ stream: 'stdout', text: 'late', atMs: T0 }],
        logSeq: 0,
      }),
  ],
  ['renew', (session) => renew(rig.deps, session)],
  ['claim', (session) => claimNow(rig.deps, session, 0)],
  [
    'artifact',
    (session) =>
      artifact(rig.deps, session, { job: id, attempt: 1, name: 'a.png', contentType: 'image/png', sizeBytes: 1 }),
  ],
  ['release', (session) => release(rig.deps, session)],
];

test.each(CALLS)(
  'a worker that lost its slot is refused with its own true session: %s changes nothing',
  async (_, call) => {
    const before = await all();
    await expect(call(lost)).rejects.toEqual(refused);
    expect(await all()).toEqual(before);
    // The same key with the present fence: what was handed on is not to be had by counting up.
    await expect(call({ ...lost, fence: present.fence })).rejects.toEqual(refused);
    expect(await all()).toEqual(before);
  },
);

test('its late result, before and after that of its successor, does not stand for it', async () => {
  const late = { job: id, attempt: 1, outcome: result('late') };
  await expect(finish(rig.deps, lost, late)).rejects.toEqual(refused);
  expect(await finish(rig.deps, present, { job: id, attempt: 2, outcome: result('good') })).toEqual({ accepted: true });
  await expect(finish(rig.deps, lost, late)).rejects.toEqual(refused);
  // The successor's session cannot be used to hand in the lost attempt either.
  expect(await finish(rig.deps, present, late)).toEqual({ accepted: false });
  const job = await rig.job(id);
  expect(job).toMatchObject({ state: 'succeeded', output: { text: 'good' }, attempt: 2, failures: 0 });
  expect(job.attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded']);
  expect((await rig.events(id)).map((event) => event.to)).toEqual([
    'queued',
    'running',
    'queued',
    'running',
    'succeeded',
  ]);
});
