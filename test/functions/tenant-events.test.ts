import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { NoTopicError, UnavailableError } from '../../domain/errors.ts';
import type { Messages } from '../../domain/messages.ts';
import { refs, update } from '../../domain/ports.ts';
import { onJobEvent } from '../../functions/on-job-event.ts';
import { settleEvent } from '../../functions/steps/settle.ts';
import { claimNow } from '../../functions/worker/claim.ts';
import { finish } from '../../functions/worker/finish.ts';
import { removeFolders } from '../local/folder.ts';
import { dueEvent, handle } from './event-requests.ts';
import { makeRig, type Rig } from './rig.ts';

let rig: Rig;
let told: Messages['job-events'][];
beforeEach(() => {
  rig = makeRig();
  told = [];
});
afterEach(() => {
  rig.stop();
  removeFolders();
});

const depsWith = (tell: (event: Messages['job-events']) => Promise<void>): Rig['deps'] => ({
  ...rig.deps,
  bus: {
    publish: (topic, message) =>
      topic === 'job-events' ? tell(message as Messages['job-events']) : rig.deps.bus.publish(topic, message),
  },
});
const listening = (): Rig['deps'] => depsWith(async (event) => void told.push(event));

/** A job that has ended as failed, its events not settled yet. */
async function endedJob(more: object = {}): Promise<string> {
  const id = await rig.submit({ metadata: { deck: '7' }, ...more });
  const session = await rig.worker();
  await claimNow(rig.deps, session, 0);
  const error = { kind: 'model_error', message: 'no' } as const;
  await finish(rig.deps, session, { job: id, attempt: 1, outcome: { kind: 'failed', error } });
  return id;
}
const sweep = (id: string, deps: Rig['deps']): Promise<void> =>
  handle(onJobEvent(deps), dueEvent({ events: [1, 2, 3].map((seq) => `jobs/${id}/events/${seq}`) }, rig.clock.nowMs()));

test('the end of a job, and nothing before it, goes to its tenant’s topic, once, as a webhook would say it', async () => {
  const webhook = { url: 'http://127.0.0.1:1/', events: ['job.failed' as const] };
  const id = await endedJob({ eventsTopic: true, webhook });
  for (let n = 0; n < 2; n += 1) await sweep(id, listening());
  const delivery = await rig.deps.store.get(refs.delivery(`${id}~3~job`));
  expect(told).toEqual([
    { tenant: 'default', id: `${id}~3`, type: 'job.failed', sequence: 3, body: delivery?.data.body },
  ]);
  expect(JSON.parse(told[0]?.body ?? '')).toMatchObject({
    type: 'job.failed',
    data: { id, state: 'failed', version: 3, metadata: { deck: '7' }, error: { kind: 'model_error' } },
  });
});

test('a job whose tenant did not ask for it, and one of an older build, is told to nobody', async () => {
  await sweep(await endedJob(), listening());
  expect(told).toEqual([]);
});

test('what cannot be published leaves the event open, and the next sweep publishes it', async () => {
  const id = await endedJob({ eventsTopic: true });
  const deps = depsWith(async () => {
    throw new UnavailableError('down');
  });
  await expect(sweep(id, deps)).rejects.toThrow('down');
  expect((await rig.events(id)).map(({ open }) => open)).toEqual([false, false, true]);
  await sweep(id, listening());
  expect(told).toHaveLength(1);
  expect((await rig.events(id)).map(({ open }) => open)).toEqual([false, false, false]);
});

test('a crash between the publishing and the commit makes it come twice, with one id, and never not at all', async () => {
  const id = await endedJob({ eventsTopic: true });
  const { store } = rig.deps;
  const commit = async (): Promise<never> => {
    throw new Error('gone');
  };
  await expect(settleEvent({ ...listening(), store: { ...store, commit } }, id, 3)).rejects.toThrow('gone');
  await sweep(id, listening());
  expect(told.map((event) => event.id)).toEqual([`${id}~3`, `${id}~3`]);
});

test('a lost race publishes nothing again', async () => {
  const id = await endedJob({ eventsTopic: true });
  const deps = depsWith(async (event) => {
    told.push(event);
    const read = await rig.deps.store.get(refs.job(id));
    if (read !== null) await rig.deps.store.commit([update(refs.job(id), read, { metadata: {} })]);
  });
  await settleEvent(deps, id, 3);
  expect(told).toHaveLength(1);
  expect((await rig.events(id)).at(-1)?.open).toBe(false);
});

test('a topic that is missing holds up nothing, and is said', async () => {
  const id = await endedJob({ eventsTopic: true });
  await sweep(
    id,
    depsWith(async () => {
      throw new NoTopicError('job-events-default cannot be published to');
    }),
  );
  expect((await rig.events(id)).map(({ open }) => open)).toEqual([false, false, false]);
  const [line] = rig.log.lines.filter(({ message }) => message === 'event not published to its tenant');
  expect(line?.fields).toMatchObject({ event: `${id}~3`, tenant: 'default' });
});
