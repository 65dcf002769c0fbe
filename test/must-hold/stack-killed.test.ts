import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { JobResource } from '../../domain/contract/http.ts';
import { newFolder } from '../stack/test-stack.ts';
import { isAlive, processesWith } from './processes.ts';
import { startProcess } from './stack-process.ts';

let data: string;
let folder: string;
beforeAll(async () => {
  [data, folder] = [await newFolder(), await newFolder()];
});
afterAll(() => {
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

test('stack killed with -9 with 100 jobs queued: after a restart all 100 end, none twice, no orphan process', async () => {
  const first = await startProcess(data);
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
  await first.kill('SIGKILL');
  expect(await gone(ours, 5_000)).toEqual([]);
  for (const pid of readFileSync(started, { encoding: 'utf8', flag: 'a+' }).split('\n').filter(Boolean)) {
    expect(isAlive(Number(pid))).toBe(false);
  }

  writeFileSync(go, '');
  const second = await startProcess(data);
  const ids = [heldId, ...created.map((reply) => (reply.body as JobResource).id)];
  const ended = await Promise.all(
    ids.map(async (id) => (await second.call('GET', `/v1/jobs/${id}`, undefined, 'wait=25')).body as JobResource),
  );
  expect(ended.map((job) => job.state)).toEqual(ids.map(() => 'succeeded'));
  await second.kill('SIGTERM');
  expect(await gone(ours, 1_000)).toEqual([]);

  const db = new DatabaseSync(join(data, 'slipway.db'), { readOnly: true });
  const rows = db.prepare(`SELECT path, data FROM documents WHERE collection = 'events'`).all() as {
    path: string;
    data: string;
  }[];
  db.close();
  const ends = rows
    .filter((row) => (JSON.parse(row.data) as { to: string }).to === 'succeeded')
    .map((row) => row.path.split('/')[1]);
  expect(ends.toSorted()).toEqual(ids.toSorted());
}, 60_000);

test('a second start on the same data folder says who holds it, and leaves it alone', async () => {
  const first = await startProcess(data);
  await expect(startProcess(data)).rejects.toThrow(new RegExp(`held by process ${first.child.pid} .* at ${first.url}`));
  expect((await first.call('GET', '/v1/models')).status).toBe(200);
  await first.kill('SIGTERM');
}, 30_000);

test('a port that is taken is said so, with the remedy', async () => {
  const first = await startProcess(data);
  const other = await newFolder();
  const port = new URL(first.url).port;
  await expect(startProcess(other, { SLIPWAY_PORT: port })).rejects.toThrow('SLIPWAY_PORT');
  await first.kill('SIGTERM');
  rmSync(other, { recursive: true, force: true });
}, 30_000);

test('an environment that cannot be meant stops the start and names the variable', async () => {
  await expect(startProcess(data, { SLIPWAY_PORT: 'http' })).rejects.toThrow('SLIPWAY_PORT');
});
