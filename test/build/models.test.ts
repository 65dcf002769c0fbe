import { beforeAll, describe, expect, test } from '@jest/globals';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Model } from '../../domain/contract/model.ts';
import { validateInput } from '../../functions/http/validate-input.ts';
import { CATALOGUE_FILE, readCatalogue } from '../../functions/start/catalogue.ts';
import { CatalogueError, loadCatalogue, type LoadedCatalogue } from '../../gpu-job/models/catalogue.ts';
import { fromKnown, KNOWN_FILES, type KnownFiles } from '../../gpu-job/models/worker-catalogue.ts';
import { bundleEntries, ROOT } from '../../scripts/build/bundle.ts';
import { DEPLOYABLES, WORKER } from '../../scripts/build/deployables.ts';
import { buildModels, type BuiltModels } from '../../scripts/build/model-files.ts';
import { tempFolder } from '../worker/harness.ts';
import { MODELS } from './built.ts';

const PATH = process.env['PATH'] ?? '';
const load = (...folders: string[]): Promise<LoadedCatalogue> =>
  loadCatalogue({ folders, regions: ['here'], path: PATH });

let models: BuiltModels;
let loaded: LoadedCatalogue;
beforeAll(async () => {
  models = await buildModels([MODELS]);
  loaded = await load(MODELS);
});

test('a function reads the models and queues that its source reads from YAML', () => {
  const folder = tempFolder();
  const [api] = DEPLOYABLES;
  for (const [file, text] of models.filesOf(api ?? WORKER)) writeFileSync(join(folder, file), text);
  const read = readCatalogue(folder, ['here']);
  expect(read.queues).toEqual(loaded.queues);
  expect([...read.models.values()].map(({ model }) => model)).toEqual(
    [...loaded.models.values()].map(({ model }) => model),
  );
});

test('a faulty model fails the build, naming file and field', async () => {
  const folder = tempFolder();
  mkdirSync(join(folder, 'bad'));
  writeFileSync(join(folder, 'bad/model.yaml'), 'name: bad\n');
  await expect(buildModels([folder])).rejects.toThrow(CatalogueError);
  await expect(buildModels([folder])).rejects.toThrow(/bad\/model\.yaml \/title/);
});

describe('a worker takes the build’s word for a model', () => {
  const known = (): KnownFiles => JSON.parse(models.filesOf(WORKER).get(KNOWN_FILES) ?? '') as KnownFiles;
  const quick = (...folders: string[]): LoadedCatalogue | null =>
    fromKnown(known(), { folders, regions: ['here'], path: PATH });
  const copy = (): string => {
    const folder = tempFolder();
    cpSync(MODELS, folder, { recursive: true });
    return folder;
  };

  test('whose file is the very one that the build has read', async () => {
    expect(quick(MODELS)).toEqual(loaded);
    const elsewhere = copy();
    expect(quick(elsewhere)).toEqual(await load(elsewhere));
  });

  test('and what a model requires is looked for all the same', async () => {
    const options = { folders: [MODELS], regions: ['here'], path: '/nowhere' };
    expect(fromKnown(known(), options)).toEqual(await loadCatalogue(options));
    expect(fromKnown(known(), options)?.models.get('write-file')?.missing).toHaveLength(1);
  });

  test('and of a pool without a row it has the defaults', async () => {
    const folder = copy();
    writeFileSync(join(folder, 'pools.yaml'), '[]');
    const without = await buildModels([folder]);
    const options = { folders: [folder], regions: ['here'], path: PATH };
    const files = JSON.parse(without.filesOf(WORKER).get(KNOWN_FILES) ?? '') as KnownFiles;
    expect(fromKnown(files, options)).toEqual(await loadCatalogue(options));
  });

  test.each<[string, (folder: string) => string[]]>([
    [
      'a model of another text',
      (folder) => (writeFileSync(join(folder, 'write-file/model.yaml'), 'name: x'), [folder]),
    ],
    [
      'a model under another name',
      (folder) => (cpSync(join(folder, 'write-file'), join(folder, 'other'), { recursive: true }), [folder]),
    ],
    ['pools of another text', (folder) => (writeFileSync(join(folder, 'pools.yaml'), '[ ]'), [folder])],
    ['one model twice', (folder) => [folder, MODELS]],
    ['a folder that is not there', (folder) => [join(folder, 'nowhere')]],
  ])('but not for %s: that is read anew', (_, change) => {
    expect(quick(...change(copy()))).toBeNull();
  });
});

test('the checks of inputs that the build has compiled say what those of the source say', async () => {
  const { files } = await bundleEntries({ program: join(ROOT, 'functions/http/validate-input.ts') }, 'test', models);
  const folder = tempFolder();
  for (const [path, text] of files) writeFileSync(join(folder, path), text);
  expect([...files.keys()]).toEqual(['program.mjs', 'program.mjs.map']);
  expect(files.get('program.mjs')).not.toMatch(/Ajv2020|compileSchema/);
  const compiled = (await import(pathToFileURL(join(folder, 'program.mjs')).href)) as {
    validateInput: typeof validateInput;
  };
  const model = loaded.models.get('write-file')?.model as Model;
  const inputs: [unknown, string[]][] = [
    [{ text: 'abc' }, []],
    [{}, []],
    [{ text: 7, strange: 1 }, []],
    [{ text: '' }, []],
    [{ text: 'ABC' }, []],
    [{ text: 'a'.repeat(21) }, []],
    [{ text: '😀'.repeat(15) }, []],
    [{ text: 'abc', link: 'no address' }, []],
    [{ text: 'abc', link: 'https://example.com/a' }, []],
    [{ text: 'abc', pages: [{ page: 1 }, { page: 1.5 }, {}] }, []],
    [{ text: 'abc', either: { a: 1 } }, []],
    [{ text: 'abc', either: 7 }, []],
    [{ text: null, either: { b: 1 } }, ['/text', '/either']],
    [[], []],
  ];
  const said = inputs.map(([input, skip]) => compiled.validateInput(model, input, skip));
  expect(said).toEqual(inputs.map(([input, skip]) => validateInput(model, input, skip)));
  expect(said.filter((faults) => faults.length > 0).length).toBeGreaterThan(8);
});

test('the name of the catalogue is the one that functions look for', () => {
  expect([...models.filesOf(DEPLOYABLES[0] ?? WORKER).keys()]).toEqual([CATALOGUE_FILE]);
});
