import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../domain/contract/door.ts';
import type { Write } from '../../domain/ports.ts';
import { claimNow } from '../../functions/worker/claim.ts';
import { finish } from '../../functions/worker/finish.ts';
import { report } from '../../functions/worker/report.ts';
import type { Session } from '../../functions/worker/session.ts';
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

const done: Outcome = { kind: 'succeeded', output: 1, artifacts: [], metrics: {} };

describe('a chunk of log that is still on its way when its attempt is ended', () => {
  const line = { stream: 'stdout' as const, text: 'late', atMs: T0 };
  const chunk = { attempt: 1, progress: null, metrics: {}, logSeq: 3, logs: [line] };
  const textsOf = async (id: string): Promise<string[]> =>
    (await rig.deps.store.query('logsOfJob', { jobId: id, attempt: 1 }, { limit: 9 })).items.flatMap(({ data }) =>
      data.lines.map(({ text }) => text),
    );
  let id: string;
  let session: Session;
  beforeEach(async () => {
    id = await rig.submit();
    session = await rig.worker();
    await claimNow(rig.deps, session, 0);
  });

  test('is not stored after the end, which has taken its number and says that lines are missing', async () => {
    const { store } = rig.deps;
    const slow = {
      ...store,
      commit: async (writes: readonly Write[]): Promise<void> => {
        await finish(rig.deps, session, { job: id, attempt: 1, outcome: done, logSeq: 3 });
        await store.commit(writes);
      },
    };
    await expect(report({ ...rig.deps, store: slow }, session, { ...chunk, job: id })).rejects.toThrow(
      "not this worker's",
    );
    expect(await textsOf(id)).toEqual([expect.stringContaining('may be missing')]);
    expect((await rig.job(id)).state).toBe('succeeded');
  });

  test('but was stored before it is all there is', async () => {
    await report(rig.deps, session, { ...chunk, job: id });
    await finish(rig.deps, session, { job: id, attempt: 1, outcome: done, logSeq: 3 });
    expect(await textsOf(id)).toEqual(['late']);
  });

  test('and is stored while the attempt is ended is all there is, too', async () => {
    const { store } = rig.deps;
    let isLate = false;
    const slow = {
      ...store,
      commit: async (writes: readonly Write[]): Promise<void> => {
        if (!isLate) await report(rig.deps, session, { ...chunk, job: id });
        isLate = true;
        await store.commit(writes);
      },
    };
    await finish({ ...rig.deps, store: slow }, session, { job: id, attempt: 1, outcome: done, logSeq: 3 });
    expect(await textsOf(id)).toEqual(['late']);
    expect((await rig.job(id)).state).toBe('succeeded');
  });
});
