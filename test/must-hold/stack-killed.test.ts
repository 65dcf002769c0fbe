import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { JobResource } from '../../domain/contract/http.ts';
import { MODELS, newFolder } from '../stack/test-stack.ts';
import { isAlive, processesWith } from './processes.ts';
import { killAll, startProcess, type StackProcess } from './stack-process.ts';

let data: string;
let folder: string;
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
  await inFullSwing(first, heldId);
  const models = readFileSync(started, 'utf8').split('\n').filter(Boolean).map(Number);
  expect(models.map(isAlive)).toEqual([true]);
  await first.kill('SIGKILL');
  expect(await gone(ours, 5_000)).toEqual([]);
  expect(models.map(isAlive)).toEqual([false]);

  writeFileSync(go, '');
  const second = await startProcess(data);
  const ids = [heldId, ...created.map((reply) => (reply.body as JobResource).id)];
  const ended = await Promise.all(
    ids.map(async (id) => (await second.call('GET', `/v1/jobs/${id}`, undefined, 'wait=25')).body as JobResource),
  );
  expect(ended.map((job) => job.state)).toEqual(ids.map(() => 'succeeded'));
  expect(ended[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded']);
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

const WHOLE = 'must be a whole number from 0 to 65535';
const VISIBLE = 'must be 16 to 200 visible ASCII characters';

test.each<[string, () => Record<string, string>, string[]]>([
  ['a port that is a word', () => ({ SLIPWAY_PORT: 'abc' }), ['SLIPWAY_PORT', WHOLE]],
  ['a port that is empty', () => ({ SLIPWAY_PORT: '' }), ['SLIPWAY_PORT', WHOLE]],
  ['a port that is too high', () => ({ SLIPWAY_PORT: '65536' }), ['SLIPWAY_PORT', WHOLE]],
  ['a key that is too short', () => ({ SLIPWAY_API_KEY: 'short' }), ['SLIPWAY_API_KEY', VISIBLE]],
  ['a key with a space', () => ({ SLIPWAY_API_KEY: 'one two three four five' }), ['SLIPWAY_API_KEY', VISIBLE]],
  ['a key beyond ASCII', () => ({ SLIPWAY_API_KEY: 'schlüssel-schlüssel' }), ['SLIPWAY_API_KEY', VISIBLE]],
  ['a model folder that is not there', () => ({ SLIPWAY_MODELS: `${folder}/none` }), ['/none', 'cannot be read']],
  ['a model with a fault', () => ({ SLIPWAY_MODELS: faultyModels() }), ['faulty/model.yaml', 'runner']],
  ['a data folder that is a file', () => ({ SLIPWAY_DATA: aFile('file') }), ['/file', 'ENOTDIR', 'SLIPWAY_DATA']],
  ['one below a file', () => ({ SLIPWAY_DATA: `${aFile('file')}/data` }), ['/file', 'SLIPWAY_DATA']],
  ['a foreign slipway.db', () => ({ SLIPWAY_DATA: foreign('no database') }), ['slipway.db', 'SLIPWAY_DATA']],
  ['a slipway.db of later days', () => ({ SLIPWAY_DATA: foreign(null) }), ['slipway.db', 'newer Slipway']],
])('what cannot be meant stops the start, is named with the remedy, and shows no stack: %s', async (_, env, says) => {
  const error = (await startProcess(data, env()).catch((thrown: unknown) => thrown)) as Error;
  expect(error).toBeInstanceOf(Error);
  expect(error.message).toMatch(/^ended with 1: /);
  for (const text of says) expect(error.message).toContain(text);
  expect(error.message).not.toMatch(/^\s+at /m);
});

function aFile(name: string): string {
  writeFileSync(join(folder, name), '');
  return join(folder, name);
}

function faultyModels(): string {
  const models = join(folder, 'models');
  mkdirSync(join(models, 'faulty'), { recursive: true });
  writeFileSync(join(models, 'faulty', 'model.yaml'), 'name: faulty\n');
  return models;
}

/** A data folder whose database holds this text; with null it is one in a format that is not known yet. */
function foreign(text: string | null): string {
  const path = join(folder, `data-${text === null ? 'newer' : 'foreign'}`);
  mkdirSync(path);
  const file = join(path, 'slipway.db');
  if (text !== null) writeFileSync(file, text.padEnd(4_096, '.'));
  else {
    const db = new DatabaseSync(file);
    db.exec('PRAGMA user_version = 99');
    db.close();
  }
  return path;
}

test('a relative model folder means the same to the workers, which run elsewhere', async () => {
  const stack = await startProcess(data, { SLIPWAY_MODELS: relative(process.cwd(), MODELS) });
  const { body } = await stack.call('POST', '/v1/jobs', { model: 'noop', input: {} }, 'wait=20');
  expect((body as JobResource).state).toBe('succeeded');
  await stack.kill('SIGTERM');
}, 30_000);
