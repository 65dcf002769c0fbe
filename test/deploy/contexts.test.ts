import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  chmodSync,
  existsSync,
  openSync,
  closeSync,
  ftruncateSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { copyContext, tagOf } from '../../scripts/deploy/contexts.ts';
import { stageImages } from '../../scripts/deploy/images.ts';
import { newFolder, removeFolders } from '../local/folder.ts';
import { BUILT, write } from './rig.ts';

afterAll(() => removeFolders());

const folderOf = (files: Readonly<Record<string, string>>): string => {
  const root = newFolder();
  for (const [path, text] of Object.entries(files)) write(root, path, text);
  return root;
};

describe('the tag of an image', () => {
  test('is 16 hex digits that the order of the files does not change', async () => {
    const tag = await tagOf(folderOf({ a: '1', 'b/c': '2' }));
    expect(tag).toMatch(/^[0-9a-f]{16}$/);
    expect(await tagOf(folderOf({ 'b/c': '2', a: '1' }))).toBe(tag);
  });

  test.each([
    ['other content', { a: '1', b: '3' }],
    ['another name', { a: '1', c: '2' }],
    ['a file more', { a: '1', b: '2', c: '' }],
    ['content that reads like the next file', { a: '1b\u00001\u00002' }],
  ])('is another one with %s', async (_, other) => {
    expect(await tagOf(folderOf(other))).not.toBe(await tagOf(folderOf({ a: '1', b: '2' })));
  });

  test('is another one where a file can be run, and the same however else its mode is', async () => {
    const [one, other] = [folderOf({ a: '1' }), folderOf({ a: '1' })];
    chmodSync(join(one, 'a'), 0o600);
    chmodSync(join(other, 'a'), 0o666);
    expect(await tagOf(one)).toBe(await tagOf(other));
    chmodSync(join(other, 'a'), 0o755);
    expect(await tagOf(one)).not.toBe(await tagOf(other));
  });

  test('is told of weights that are larger than one buffer can be', async () => {
    const folder = folderOf({ a: '1' });
    const file = openSync(join(folder, 'weights'), 'w');
    ftruncateSync(file, 2 ** 31 + 1);
    closeSync(file);
    expect(await tagOf(folder)).toMatch(/^[0-9a-f]{16}$/);
  }, 60_000);
});

describe('the copy of a context', () => {
  let mask: number;
  beforeEach(() => {
    mask = process.umask(0o077);
  });
  afterEach(() => void process.umask(mask));

  test('can be read by whoever the image runs as, and run where it could be, though nobody else may here', async () => {
    const from = folderOf({ 'part/main.mjs': '', 'part/run.sh': '', model: '' });
    chmodSync(join(from, 'part/run.sh'), 0o700);
    const to = join(newFolder(), 'copy');
    await copyContext(from, to, { Dockerfile: join(from, 'model') });
    const modes = Object.fromEntries(
      ['', ...readdirSync(to, { recursive: true, encoding: 'utf8' })].map((path) => [
        path,
        (statSync(join(to, path)).mode & 0o777).toString(8),
      ]),
    );
    expect(modes).toEqual({
      '': '755',
      Dockerfile: '644',
      model: '644',
      part: '755',
      'part/main.mjs': '644',
      'part/run.sh': '755',
    });
  });
});

describe('what the images are made of', () => {
  test('is missed by its name where the build has not made it', async () => {
    const root = newFolder();
    const staged = (): Promise<unknown> => stageImages(root, join(newFolder(), 'contexts'));
    write(root, 'functions/Dockerfile', '');
    await expect(staged()).rejects.toThrow(/dist\/pools\.json is not there/);
    write(root, 'dist/pools.json', '{}');
    await expect(staged()).rejects.toThrow(/dist\/functions\/api is not there/);
  });

  test('has the Dockerfile of functions in it, which so is part of the tag', async () => {
    const [root, one, other] = [newFolder(), newFolder(), newFolder()];
    write(root, 'functions/Dockerfile', 'FROM a');
    for (const [path, text] of Object.entries(BUILT)) write(root, `dist/${path}`, text);
    const [before] = (await stageImages(root, one)).images;
    write(root, 'functions/Dockerfile', 'FROM b');
    const [after] = (await stageImages(root, other)).images;
    expect(readFileSync(join(other, after?.folder ?? '', 'Dockerfile'), 'utf8')).toBe('FROM b');
    expect(after?.tag).not.toBe(before?.tag);
    expect(existsSync(join(one, 'images/bought'))).toBe(false);
  });
});
