import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Outcome } from '../../domain/contract/door.ts';
import { refs, update } from '../../domain/ports.ts';
import { claimNow } from '../../functions/worker/claim.ts';
import { finish, release } from '../../functions/worker/finish.ts';
import { report } from '../../functions/worker/report.ts';
import { T0 } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { makeRig, type Rig } from './rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = makeRig();
});
afterEach(() => {
  rig.stop();
  removeFolders();
});

const done: Outcome = { kind: 'succeeded', output: { a: 1 }, artifacts: [], metrics: {} };

test('a report stores what was said at the worker’s start apart, once', async () => {
  const id = await rig.submit();
  const session = await rig.worker();
  await claimNow(rig.deps, session, 0);
  const lines = [{ stream: 'stderr' as const, text: 'loading', atMs: T0 }];
  const request = { job: id, attempt: 1, progress: null, metrics: {}, logSeq: 0, logs: [], setup: { seq: 0, lines } };
  for (let tries = 0; tries < 2; tries += 1) await report(rig.deps, session, request);
  await report(rig.deps, session, { ...request, setup: { seq: 1, lines } });
  const stored = async (attempt: number) =>
    (await rig.deps.store.query('logsOfJob', { jobId: id, attempt }, { limit: 10 })).items.map(({ data }) => data);
  expect(await stored(1)).toEqual([]);
  expect(await stored(-1)).toMatchObject([
    { seq: 0, lines },
    { seq: 1, lines },
  ]);
});

test('an attempt on a warm worker names the first one, if that was the same tenant’s and is of this worker', async () => {
  const ids = new Map<string, string[]>();
  for (const tenant of ['a', 'a', 'b', 'a']) {
    ids.set(tenant, [...(ids.get(tenant) ?? []), await rig.submit({ tenant })]);
  }
  const session = await rig.worker();
  const ran = async (tenant: string) => {
    const id = ids.get(tenant)?.shift() ?? '';
    await claimNow(rig.deps, session, 0);
    await finish(rig.deps, session, { job: id, attempt: 1, outcome: done });
    return { id, firstOf: (await rig.job(id)).attempts[0]?.firstOf };
  };
  const first = await ran('a');
  expect(first.firstOf).toBeUndefined();
  expect((await ran('a')).firstOf).toEqual({ job: first.id, attempt: 1 });
  expect((await ran('b')).firstOf).toBeUndefined();
  // As a door of an older build leaves it: the first claim of this worker was not noted.
  const slot = await rig.deps.store.get(refs.slot(session.slot));
  if (slot?.data.first === undefined) throw new Error('not noted');
  const stale = { first: { ...slot.data.first, fence: slot.data.fence - 1 } };
  await rig.deps.store.commit([update(refs.slot(session.slot), slot, stale)]);
  expect((await ran('a')).firstOf).toBeUndefined();
});

test('a finish whose output is an artifact must name one of its own, and have no other output', async () => {
  const path = (id: string): string => `jobs/${id}/1/output.json`;
  for (const [output, name, state] of [
    [null, 'output.json', 'succeeded'],
    [null, 'other.json', 'failed'],
    [{ a: 1 }, 'output.json', 'failed'],
  ] as const) {
    const id = await rig.submit({ maxAttempts: 1 });
    const session = await rig.worker();
    await claimNow(rig.deps, session, 0);
    rig.blobs.set(path(id), 9);
    const artifacts = [{ name: 'output.json', contentType: 'application/json', sizeBytes: 9, path: path(id) }];
    const outcome: Outcome = { kind: 'succeeded', output, outputArtifact: name, artifacts, metrics: {} };
    await finish(rig.deps, session, { job: id, attempt: 1, outcome });
    const job = await rig.job(id);
    expect([job.state, job.outputArtifact]).toEqual([state, state === 'succeeded' ? name : undefined]);
    await release(rig.deps, session);
  }
});
