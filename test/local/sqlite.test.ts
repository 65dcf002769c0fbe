import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from '@jest/globals';
import { create, update, type Ref } from '../../domain/ports.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { DataFolderHeldError, openDataFolder } from '../../local/data-folder.ts';
import { openStore } from '../../local/sqlite.ts';
import { describeStore } from '../ports/describe-store.ts';
import { anEvent, aSlot, readSlot } from '../ports/documents.ts';
import { newFolder, removeFolders } from './folder.ts';
import { manualClock } from './manual-clock.ts';

const newFile = (): string => join(newFolder(), 'slipway.db');
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  removeFolders();
});

describeStore('node:sqlite', async () => {
  const store = openStore(newFile(), { clock: systemClock });
  return { store, close: async () => store.close() };
});

test('commits of one caller are applied in the order in which they were asked for', async () => {
  const store = openStore(newFile(), { clock: systemClock });
  const { ref, data } = aSlot();
  const [first, second] = await Promise.allSettled([
    store.commit([create(ref, data)]),
    store.commit([create(ref, { ...data, fence: 1 })]),
  ]);
  expect(first.status).toBe('fulfilled');
  expect(second).toMatchObject({ reason: { found: 'exists' } });
  store.close();
});

/** Starts the committing program; `ended` has every line that it printed. */
function startCommitter(
  folder: string,
  shell = 'exec "$@"',
): { child: ChildProcess; open: Promise<void>; ended: Promise<string[]> } {
  const program = join(import.meta.dirname, 'commit-until-killed.ts');
  const child = spawn('/bin/sh', ['-c', shell, 'sh', process.execPath, program, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const open = new Promise<void>((resolve) => {
    reader.on('line', (line) => {
      lines.push(line);
      if (lines.length > 10) resolve();
    });
  });
  const ended = new Promise<string[]>((resolve) => child.once('close', () => resolve(lines)));
  return { child, open, ended };
}

async function slotsIn(folder: string): Promise<Set<number>> {
  const { store, close } = openDataFolder(folder, { clock: systemClock, random: systemRandom });
  const page = await store.query('slotsOfQueue', { queue: 'q' }, { limit: 100_000 });
  close();
  return new Set(page.items.map((item) => item.data.index));
}

test('what was acknowledged before a kill -9 is there after it; meanwhile a second opener is told who holds the folder', async () => {
  const folder = join(newFolder(), 'data');
  const { child, open, ended } = startCommitter(folder);
  await open;
  const held = (): unknown => openDataFolder(folder, { clock: systemClock, random: systemRandom });
  expect(held).toThrow(DataFolderHeldError);
  expect(held).toThrow(
    new RegExp(`process ${child.pid} since 20.*, at http://127.0.0.1:1234\\..*kill ${child.pid}.*SLIPWAY_DATA`, 's'),
  );
  child.kill('SIGKILL');
  const acknowledged = (await ended).filter((line) => line !== 'open').map(Number);
  expect(acknowledged.length).toBeGreaterThan(5);
  const found = await slotsIn(folder);
  expect(acknowledged.filter((index) => !found.has(index))).toEqual([]);
});

test('when the disk takes no more, the commit is unclear, what was acknowledged stays readable and stays', async () => {
  const folder = join(newFolder(), 'data');
  // A file may grow to 512 blocks of 512 bytes or 1 KiB, as the shell has it; then writing fails.
  const lines = await startCommitter(folder, 'ulimit -f 512; exec "$@"').ended;
  const acknowledged = lines.slice(1, -1).map(Number);
  expect(acknowledged.length).toBeGreaterThan(5);
  expect(lines.at(-1)).toBe(`UnclearError, ${acknowledged.length} can be read`);
  expect(await slotsIn(folder)).toEqual(new Set(acknowledged));
});

test('the folder, when made, and all files in it are for their owner alone', async () => {
  const folder = join(newFolder(), 'data');
  const opened = openDataFolder(folder, { clock: systemClock, random: systemRandom });
  const { ref, data } = aSlot();
  await opened.store.commit([create(ref, data)]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const name of ['slipway.db', 'slipway.db-wal', 'owner.json']) {
    expect(`${name} ${(statSync(opened.path(name)).mode & 0o777).toString(8)}`).toBe(`${name} 600`);
  }
  opened.close();
  opened.close();
});

test("a folder that was closed is nobody's, and can be opened again under a new boot id", () => {
  const folder = newFolder();
  const ids = [1, 2].map(() => {
    const opened = openDataFolder(folder, { clock: systemClock, random: systemRandom });
    expect(existsSync(opened.path('owner.json'))).toBe(true);
    opened.close();
    expect(existsSync(opened.path('owner.json'))).toBe(false);
    return opened.bootId;
  });
  expect(ids[0]).not.toBe(ids[1]);
});

test('when the database fails in the midst of a group, all of it is unclear and gone, and the next commit is as ever', async () => {
  const file = newFile();
  openStore(file, { clock: systemClock }).close();
  const db = new DatabaseSync(file);
  db.exec(
    `CREATE TRIGGER fault BEFORE INSERT ON documents WHEN NEW.path = 'slots/q~1' BEGIN SELECT RAISE(ABORT, 'fault'); END`,
  );
  db.close();
  const store = openStore(file, { clock: systemClock });
  const slots = [0, 1, 2].map((index) => aSlot('q', index));
  const outcomes = await Promise.allSettled(slots.map(({ ref, data }) => store.commit([create(ref, data)])));
  for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { name: 'UnclearError' } });
  expect(await store.count('slotsOfQueue', { queue: 'q' }, 10)).toBe(0);
  const { ref, data } = aSlot('q', 2);
  await store.commit([create(ref, data)]);
  expect(await store.count('slotsOfQueue', { queue: 'q' }, 10)).toBe(1);
  store.close();
});

test('a file made by a newer version is refused, and says so', () => {
  const file = newFile();
  const db = new DatabaseSync(file);
  db.exec('PRAGMA user_version = 99');
  db.close();
  expect(() => openStore(file, { clock: systemClock })).toThrow(/newer Slipway/);
});

test('with the clock set back, in one run or between two, the store goes on from the last commit', async () => {
  const file = newFile();
  const clock = manualClock(10_000);
  const store = openStore(file, { clock });
  const [a, b] = [aSlot(), aSlot()];
  await store.commit([create(a.ref, a.data)]);
  clock.set(4_000);
  await store.commit([create(b.ref, b.data)]);
  expect((await readSlot(store, b.ref)).updatedAtMs).toBe(10_000);
  expect((await readSlot(store, b.ref)).readAtMs).toBe(10_000);
  const etag = Number((await readSlot(store, b.ref)).etag);
  store.close();

  clock.set(1_000);
  const again = openStore(file, { clock });
  const startMs = again.nowMs();
  expect(startMs).toBeGreaterThan(10_000);
  await again.commit([update(a.ref, await readSlot(again, a.ref), { fence: 1 })]);
  const read = await readSlot(again, a.ref);
  expect(read.updatedAtMs).toBeGreaterThanOrEqual(startMs);
  expect(Number(read.etag)).toBeGreaterThan(etag);
  clock.set(20_000);
  expect((await readSlot(again, a.ref)).readAtMs).toBe(20_000);
  again.close();
});

test('listeners hear of created documents, and only of committed ones, before the awaiter goes on', async () => {
  const store = openStore(newFile(), { clock: systemClock });
  const heard: Ref[] = [];
  const stop = store.onCommit((created) => heard.push(...created));
  const [a, b] = [aSlot(), aSlot()];
  const event = anEvent('job', 1);
  await store.commit([create(a.ref, a.data), create(event.ref, event.data)]);
  expect(heard).toEqual([a.ref, event.ref]);
  await store.commit([create(b.ref, b.data), create(a.ref, a.data)]).catch(() => undefined);
  await store.commit([update(a.ref, await readSlot(store, a.ref), { fence: 1 }), { kind: 'delete', ref: event.ref }]);
  expect(heard).toHaveLength(2);
  stop();
  await store.commit([create(b.ref, b.data)]);
  expect(heard).toHaveLength(2);
  store.close();
});

test('a listener or watch that throws is reported, and hurts neither the commit nor the others', async () => {
  const errors: unknown[] = [];
  const store = openStore(newFile(), { clock: systemClock, onError: (error) => errors.push(error) });
  const { ref, data } = aSlot();
  let called = 0;
  const boom = (): void => {
    throw new Error('boom');
  };
  store.onCommit(boom);
  store.watch(ref, boom);
  store.watch(ref, () => called++);
  await store.commit([create(ref, data)]);
  expect(errors).toHaveLength(2);
  expect(called).toBe(1);
  store.close();
});

test('closing finishes the commits that were asked for; afterwards every call fails', async () => {
  const file = newFile();
  const store = openStore(file, { clock: systemClock });
  const { ref, data } = aSlot();
  const committing = store.commit([create(ref, data)]);
  store.close();
  await committing;
  store.close();
  await expect(store.get(ref)).rejects.toThrow('closed');
  await expect(store.commit([{ kind: 'delete', ref }])).rejects.toThrow('closed');
  const again = openStore(file, { clock: systemClock });
  expect((await readSlot(again, ref)).data).toEqual(data);
  again.close();
});

test('an ordered field that no cursor could stand on is refused, and only that commit with it', async () => {
  const store = openStore(newFile(), { clock: systemClock });
  const [bad, good] = [aSlot(), aSlot()];
  await store.commit([create(bad.ref, bad.data)]);
  const read = await readSlot(store, bad.ref);
  const outcomes = await Promise.allSettled([
    store.commit([update(bad.ref, read, { index: true as unknown as number })]),
    store.commit([create(good.ref, good.data)]),
  ]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'fulfilled']);
  expect(outcomes[0]).toMatchObject({ reason: { name: 'TypeError' } });
  expect((await readSlot(store, bad.ref)).data).toEqual(bad.data);
  store.close();
});

test('commits asked for in one turn of the event loop reach the disk together', async () => {
  const store = openStore(newFile(), { clock: systemClock });
  const groups: string[][] = [];
  store.onCommit((created) => groups.push(created.map((ref) => ref.path)));
  const slots = [0, 1, 2].map((index) => aSlot('q', index));
  const write = ({ ref, data }: (typeof slots)[number]): Promise<void> => store.commit([create(ref, data)]);
  await Promise.all(slots.slice(0, 2).map(write));
  await Promise.all(slots.slice(2).map(write));
  expect(groups).toEqual([['slots/q~0', 'slots/q~1'], ['slots/q~2']]);
  store.close();
});
