import { describe, expect, test } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CatalogueError } from '../../gpu-job/models/catalogue.ts';
import { loadCatalogue } from '../../gpu-job/models/catalogue.ts';
import { tempFolder } from '../worker/harness.ts';

/** The least that makes a model of the pool `p`; `more` is put below it. */
const yaml = (name: string, more = ''): string =>
  `name: ${name}\ntitle: T\ndescription: D\npool: p\nrunner: { kind: server, program: node }\ninput: {}\noutput: {}\n${more}`;

const load = (root: string, ...folders: string[]): ReturnType<typeof loadCatalogue> =>
  loadCatalogue({ folders: folders.map((folder) => join(root, folder)), regions: ['here'], path: '' });

function written(files: Readonly<Record<string, string>>): string {
  const root = tempFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const faultsOf = async (root: string, ...folders: string[]): Promise<CatalogueError['faults']> =>
  load(root, ...folders).then(
    () => [],
    (thrown: unknown) => (thrown as CatalogueError).faults,
  );

test('a pool may have volumes beside each other, and an image by its digest', async () => {
  const image = `us-docker.pkg.dev/p/r/x@sha256:${'0f'.repeat(32)}`;
  const volumes = '[{ bucket: bbb, path: /w }, { bucket: bbb, path: /weights }]';
  const root = written({
    'm/a/model.yaml': yaml('a', 'hardware: rtx-pro-6000'),
    'm/pools.yaml': `[{ name: p, image: "${image}", volumes: ${volumes} }]`,
  });
  expect((await load(root, 'm')).queues.get('p@here')?.pool).toMatchObject({
    image,
    volumes: [
      { bucket: 'bbb', path: '/w', readOnly: true },
      { bucket: 'bbb', path: '/weights', readOnly: true },
    ],
  });
});

const DIGEST = `gcr.io/p/x@sha256:${'a'.repeat(64)}`;
const volume = (path: string, more = ''): string => `volumes: [{ bucket: bbb, path: ${path}${more} }]`;

describe('a fault of a pool stops the start, with its file and field', () => {
  test.each<[what: string, row: string, field: string, words: RegExp]>([
    ['an image by its tag', 'image: gcr.io/p/x:latest', '/image', /by its digest/],
    ['an image and a Dockerfile', `image: "${DIGEST}", dockerfile: D`, '/image', /take one of them away/],
    ['a volume without its bucket', 'volumes: [{ path: /w }]', '/volumes/0/bucket', /string/],
    ['a bucket as an address', 'volumes: [{ bucket: gs://b, path: /w }]', '/volumes/0/bucket', /without gs:/],
    ['a relative path of a volume', volume('w'), '/volumes/0/path', /an absolute path/],
    ['a path that goes up', volume('/w/../slipway'), '/volumes/0/path', /without "\.\."/],
    ['a volume over the program', volume('/slipway/weights'), '/volumes/0/path', /apart from \/slipway/],
    ['a volume over devices', volume('/dev/shm'), '/volumes/0/path', /apart from \/dev/],
    ['a volume in another', 'volumes: [{ bucket: bbb, path: /w/a }, { bucket: bbb, path: /w }]', '/volumes/0/path', /lies in "\/w" of volume 1/],
    ['a folder of a bucket', volume('/w', ', prefix: a'), '/volumes/0', /prefix/],
    ['a volume to write to', volume('/w', ', readOnly: false'), '/volumes/0/readOnly', /an artifact/],
  ])('%s', async (_, row, field, words) => {
    const root = written({ 'm/pools.yaml': `[{ name: p, ${row} }]` });
    const file = join(root, 'm/pools.yaml');
    expect(await faultsOf(root, 'm')).toEqual([{ file, field: `/0${field}`, message: expect.stringMatching(words) }]);
  }); // prettier-ignore

  test('hardware that there is not, with what was meant', async () => {
    const root = written({ 'm/a/model.yaml': yaml('a', 'hardware: l4-8x23') });
    const message =
      'is no machine that there is: did you mean l4-8x32? domain/hardware.ts has cpu, l4, l4-8x32, rtx-pro-6000';
    expect(await faultsOf(root, 'm')).toEqual([{ file: join(root, 'm/a/model.yaml'), field: '/hardware', message }]);
  });

  test('models of one pool on different machines, whichever folders they lie in', async () => {
    const root = written({
      'one/a/model.yaml': yaml('a', 'hardware: l4'),
      'one/b/model.yaml': yaml('b', 'hardware: cpu').replace('pool: p', 'pool: q'),
      'two/c/model.yaml': yaml('c', 'hardware: l4-8x32'),
    });
    const message = `is "l4-8x32", but the pool "p" has "l4" by ${join(root, 'one/a/model.yaml')}: all models of a pool have one machine`;
    const file = join(root, 'two/c/model.yaml');
    expect(await faultsOf(root, 'one', 'two')).toEqual([{ file, field: '/hardware', message }]);
  });
});
