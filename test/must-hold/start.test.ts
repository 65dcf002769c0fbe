import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { JobResource } from '../../domain/contract/http.ts';
import { describeOnEmulators } from '../emulators/here.ts';
import { MODELS, newFolder } from '../stack/test-stack.ts';
import { killAll, startProcess } from './stack-process.ts';

let data: string;
let folder: string;
beforeAll(async () => {
  [data, folder] = [await newFolder(), await newFolder()];
});
afterAll(async () => {
  await killAll();
  for (const path of [data, folder]) rmSync(path, { recursive: true, force: true });
});

test('a second start on the same data folder says who holds it, and leaves it alone', async () => {
  const first = await startProcess(data);
  await expect(startProcess(data)).rejects.toThrow(
    new RegExp(`held\\n  by process ${first.child.pid} .* at ${first.url}`),
  );
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

describeOnEmulators('the stack on emulators', () => {
  test('says so too, and ends, with every server of its own stopped', async () => {
    const first = await startProcess(data);
    const env = { SLIPWAY_PORT: new URL(first.url).port, SLIPWAY_PROJECT: 'demo-port-taken' };
    const starting = startProcess(await newFolder(), env, 'emulators');
    // Only what has ended is rejected.
    await expect(starting).rejects.toThrow(/^ended with 1: [^]*SLIPWAY_PORT/);
    await first.kill('SIGTERM');
  }, 30_000);
});

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
