import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { firestoreStore } from '../../cloud/firestore/store.ts';
import type { JobResource } from '../../domain/contract/http.ts';
import type { JobEvent } from '../../domain/contract/job.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { EMULATORS } from '../emulators/here.ts';
import { capturedLog } from '../local/capture-log.ts';
import { newFolder, onEachEngine, type Engine } from '../stack/test-stack.ts';
import { isAlive, processesWith } from './processes.ts';
import { killAll, startProcess, type StackProcess } from './stack-process.ts';

/** The job of every event that tells of a success, as the store has them now that nobody serves it. */
async function endsIn(
  engine: Engine,
  data: string,
  env: { SLIPWAY_PROJECT: string },
  jobs: readonly string[],
): Promise<string[]> {
  if (engine === 'embedded') {
    const db = new DatabaseSync(join(data, 'slipway.db'), { readOnly: true });
    const rows = db.prepare(`SELECT path, data FROM documents WHERE collection = 'events'`).all() as {
      path: string;
      data: string;
    }[];
    db.close();
    return rows
      .filter((row) => (JSON.parse(row.data) as JobEvent).to === 'succeeded')
      .map((row) => row.path.split('/')[1] ?? '');
  }
  const store = firestoreStore({
    callMs: 20_000,
    projectId: env.SLIPWAY_PROJECT,
    databaseId: '(default)',
    endpoints: EMULATORS ?? {},
    clock: systemClock,
    random: systemRandom,
    log: capturedLog(),
  });
  const pages = await Promise.all(jobs.map((jobId) => store.query('eventsOfJob', { jobId }, { limit: 100 })));
  await store.close();
  return pages.flatMap((page) =>
    page.items.flatMap(({ data: event }) => (event.to === 'succeeded' ? [event.jobId] : [])),
  );
}

onEachEngine((engine) => {
  let data: string;
  let folder: string;
  const env = { SLIPWAY_PROJECT: `demo-${systemRandom.hex(6)}` };
  beforeAll(async () => {
    [data, folder] = [await newFolder(), await newFolder()];
  });
  afterAll(async () => {
    await killAll();
    for (const path of [data, folder]) rmSync(path, { recursive: true, force: true });
  });

  /** The stack on this data folder, its workers and their models: workers put what is temporary below it. */
  const ours = (): number[] => [
    ...processesWith('SLIPWAY_DATA', (value) => value === data),
    ...processesWith('TMPDIR', (value) => value.startsWith(data)),
  ];

  /** Resolves when no process of that kind is left; the operating system needs a moment to tell all of them. */
  async function gone(find: () => number[], withinMs: number): Promise<number[]> {
    const endMs = Date.now() + withinMs;
    for (;;) {
      const left = find();
      if (left.length === 0 || Date.now() > endMs) return left;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The job once its model's own process has told of it. The interface has no call that waits for that. */
  async function inFullSwing(stack: StackProcess, id: string): Promise<void> {
    for (;;) {
      const { body } = await stack.call('GET', `/v1/jobs/${id}`);
      if ((body as JobResource).progress !== null) return;
    }
  }

  test('stack killed with -9 with 100 jobs queued: after a restart all 100 end, none twice, no orphan process', async () => {
    const first = await startProcess(data, env, engine);
    const [started, go] = [join(folder, 'started'), join(folder, 'go')];
    const held = await first.call('POST', '/v1/jobs', {
      model: 'scripted',
      input: { startedFile: started, waitForFile: go },
    });
    const heldId = (held.body as JobResource).id;
    const created = await Promise.all(
      Array.from({ length: 99 }, (_, i) => first.call('POST', '/v1/jobs', { model: 'noop', input: { echo: i } })),
    );
    expect(created.map((reply) => reply.status)).toEqual(created.map(() => 201));
    expect(ours().length).toBeGreaterThan(0);
    await inFullSwing(first, heldId);
    const models = readFileSync(started, 'utf8').split('\n').filter(Boolean).map(Number);
    expect(models.map(isAlive)).toEqual([true]);
    await first.kill('SIGKILL');
    expect(await gone(ours, 5_000)).toEqual([]);
    expect(models.map(isAlive)).toEqual([false]);

    writeFileSync(go, '');
    const second = await startProcess(data, env, engine);
    const ids = [heldId, ...created.map((reply) => (reply.body as JobResource).id)];
    const ended = await Promise.all(
      ids.map(async (id) => (await second.call('GET', `/v1/jobs/${id}`, undefined, 'wait=25')).body as JobResource),
    );
    expect(ended.map((job) => job.state)).toEqual(ids.map(() => 'succeeded'));
    expect(ended[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded']);
    await second.kill('SIGTERM');
    expect(await gone(ours, 1_000)).toEqual([]);

    const ends = await endsIn(engine, data, env, ids);
    expect(ends.toSorted()).toEqual(ids.toSorted());
  }, 60_000);
});
