import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CatalogueError, loadCatalogue } from '../../gpu-job/models/catalogue.ts';
import { MODELS } from './programs.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-catalogue-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

const load = (folders: readonly string[] = ['']): ReturnType<typeof loadCatalogue> =>
  loadCatalogue({ folders: folders.map((folder) => join(root, folder)), regions: ['here'], path: join(root, 'bin') });

/** The least that makes a model; `more` is put below it. */
const yaml = (name: string, more = ''): string =>
  `name: ${name}\ntitle: T\ndescription: D\npool: p\nrunner: { kind: server, program: node }\ninput: {}\noutput: {}\n${more}`;

test('the models of this repository load, and nothing is missing for them', async () => {
  const catalogue = await loadCatalogue({ folders: [MODELS], regions: ['local'], path: '' });
  expect([...catalogue.models.keys()]).toEqual(['ligand-properties', 'slide-fields', 'slide-text']);
  expect([...catalogue.models.values()].flatMap((entry) => entry.missing)).toEqual([]);
  expect([...catalogue.queues.keys()].sort()).toEqual(['chemistry@local', 'documents@local']);
  expect(catalogue.queues.get('documents@local')).toMatchObject({
    pool: { name: 'documents', max: 2 },
    region: 'local',
    models: ['slide-fields', 'slide-text'],
    expectedBootMs: 3_000,
    expectedRunMs: 3_000,
  });
  expect(catalogue.folders.get('slide-text')).toBe(join(MODELS, 'slide-text'));
});

test('models of several folders make one catalogue; a pool without a row has the defaults', async () => {
  await write({
    'one/a/model.yaml': yaml('a', 'expected: { bootSeconds: 2, runSeconds: 90 }'),
    'two/b/model.yaml': yaml('b', 'expected: { bootSeconds: 40, runSeconds: 1 }'),
    'two/c/model.yaml': yaml('c').replace('pool: p', 'pool: q'),
    'two/notes/readme.txt': 'a folder without a model.yaml is no model',
    'two/pools.yaml': '- { name: q, max: 7 }',
  });
  const { queues, folders } = await load(['one', 'two']);
  expect(queues.get('p@here')).toEqual({
    name: 'p@here',
    pool: {
      name: 'p',
      max: 1,
      idleTimeoutSeconds: 30,
      startupTimeoutSeconds: 300,
      maxLifetimeSeconds: 3_300,
      volumes: [],
    },
    region: 'here',
    models: ['a', 'b'],
    expectedBootMs: 40_000,
    expectedRunMs: 90_000,
  });
  expect(queues.get('q@here')?.pool.max).toBe(7);
  expect(Object.fromEntries(folders)).toEqual({
    a: join(root, 'one/a'),
    b: join(root, 'two/b'),
    c: join(root, 'two/c'),
  });
});

test('a program that is no executable on the path is missing, with what to install', async () => {
  const requires =
    'requires: [{ program: vina, install: apt-get install autodock-vina }, { program: there, install: x }, { program: plain, install: y }]';
  await write({
    'm/a/model.yaml': yaml('a', requires).replace('program: node', 'program: boltz'),
    'm/b/model.yaml': yaml('b', requires).replace('program: node', 'program: vina'),
    'm/c/model.yaml': yaml('c').replace('program: node', 'program: ./own'),
    'm/c/own': '#!/bin/sh\n',
    'bin/there': '#!/bin/sh\n',
    'bin/plain': 'no program',
  });
  await Promise.all(['m/c/own', 'bin/there'].map((file) => chmod(join(root, file), 0o755)));
  const { models } = await load(['m']);
  const missing = (name: string): (string | undefined)[] | undefined =>
    models.get(name)?.missing.map((one) => one.install);
  expect(missing('a')).toEqual(['put boltz on the PATH of the worker', 'apt-get install autodock-vina', 'y']);
  expect(missing('b')).toEqual(['apt-get install autodock-vina', 'y']);
  expect(missing('c')).toEqual([]);
});

test('files under properties and items load, and so does what only looks like one', async () => {
  const file = '{ type: string, contentMediaType: image/png }';
  const input = `{ properties: { f: ${file}, all: { type: array, items: { properties: { g: ${file} } } }, contentMediaType: { type: string } }, default: { contentMediaType: x }, examples: [{ contentMediaType: x }] }`;
  await write({ 'm/a/model.yaml': yaml('a').replace('input: {}', `input: ${input}`) });
  expect([...(await load(['m'])).models.keys()]).toEqual(['a']);
});

test('secrets under properties load, and so does what only looks like one', async () => {
  const secret = '{ type: string, writeOnly: true }';
  const input = `{ properties: { s: ${secret}, in: { properties: { s: ${secret}, writeOnly: { type: boolean } } }, open: { writeOnly: false } }, examples: [{ writeOnly: true }] }`;
  await write({ 'm/a/model.yaml': yaml('a').replace('input: {}', `input: ${input}`) });
  expect([...(await load(['m'])).models.keys()]).toEqual(['a']);
});

describe('a fault stops the start, with its file and field', () => {
  const cases: readonly [string, Record<string, string>, string, string, RegExp][] = [
    ['a field is missing', { 'a/model.yaml': yaml('a').replace('title: T\n', '') }, 'a/model.yaml', '/title', /string/],
    ['a field is unknown', { 'a/model.yaml': yaml('a', 'poool: p') }, 'a/model.yaml', '', /poool/],
    [
      'a nested field is wrong',
      { 'a/model.yaml': yaml('a', 'limits: { runTimeoutSeconds: 9000 }') },
      'a/model.yaml',
      '/limits/runTimeoutSeconds',
      /3600/,
    ],
    [
      'a start deadline is longer than files are kept',
      { 'a/model.yaml': yaml('a', 'limits: { startDeadlineSeconds: 604801 }') },
      'a/model.yaml',
      '/limits/startDeadlineSeconds',
      /604800/,
    ],
    [
      'a runner of no kind',
      { 'a/model.yaml': yaml('a').replace('kind: server', 'kind: cogg') },
      'a/model.yaml',
      '/runner/kind',
      /./,
    ],
    [
      'a folder of another name',
      { 'a/model.yaml': yaml('b') },
      'a/model.yaml',
      '/name',
      /is "b", but its folder is named "a"/,
    ],
    ['no YAML', { 'a/model.yaml': 'name: [a' }, 'a/model.yaml', '', /line 1/],
    ['a key given twice', { 'a/model.yaml': yaml('a', 'pool: q') }, 'a/model.yaml', '', /unique/],
    [
      'an input that is no schema',
      { 'a/model.yaml': yaml('a').replace('input: {}', 'input: { type: strin }') },
      'a/model.yaml',
      '/input',
      /is not a JSON Schema/,
    ],
    [
      'a misspelt word in an output schema',
      { 'a/model.yaml': yaml('a').replace('output: {}', 'output: { propertys: {} }') },
      'a/model.yaml',
      '/output',
      /propertys/,
    ],
    [
      'a rule that is no regular expression',
      { 'a/model.yaml': yaml('a').replace('node }', 'node, rules: [{ output: "(", kind: crash }] }') },
      'a/model.yaml',
      '/runner/rules/0/output',
      /Invalid regular expression/,
    ],
    ...(
      [
        ['in a list', '{ properties: { s: { items: SECRET } } }', '/input/properties/s/items', /move it/],
        ['in a choice', '{ properties: { s: { oneOf: [SECRET] } } }', '/input/properties/s/oneOf/0', /move it/],
        [
          'by a $ref',
          '{ properties: { s: { $ref: "#/$defs/s" } }, $defs: { s: SECRET } }',
          '/input/$defs/s',
          /move it/,
        ],
        ['of any name', '{ additionalProperties: SECRET }', '/input/additionalProperties', /move it/],
        [
          'that is a number',
          '{ properties: { s: { type: number, writeOnly: true } } }',
          '/input/properties/s',
          /text only/,
        ],
        ['of no type', '{ properties: { s: { writeOnly: true } } }', '/input/properties/s', /text only/],
        [
          'that is a file',
          '{ properties: { s: { type: string, writeOnly: true, contentMediaType: a/b } } }',
          '/input/properties/s',
          /no file/,
        ],
        ['that is all', '{ type: object, writeOnly: true }', '/input', /text only/],
      ] as const
    ).map(([name, input, at, words]): [string, Record<string, string>, string, string, RegExp] => [
      `a secret ${name}`,
      {
        'a/model.yaml': yaml('a').replace(
          'input: {}',
          `input: ${input.replaceAll('SECRET', '{ type: string, writeOnly: true }')}`,
        ),
      },
      'a/model.yaml',
      `${at}/writeOnly`,
      words,
    ]),
    ...(
      [
        ['anyOf', '{ anyOf: [{ type: object }, { properties: { f: FILE } }] }', '/input/anyOf/1/properties/f'],
        ['oneOf', '{ properties: { f: { oneOf: [FILE] } } }', '/input/properties/f/oneOf/0'],
        ['allOf', '{ properties: { f: { items: { allOf: [FILE] } } } }', '/input/properties/f/items/allOf/0'],
        ['a $ref', '{ properties: { f: { $ref: "#/$defs/f" } }, $defs: { f: FILE } }', '/input/$defs/f'],
        ['additionalProperties', '{ additionalProperties: FILE }', '/input/additionalProperties'],
        ['patternProperties', '{ patternProperties: { "^a/b": FILE } }', '/input/patternProperties/^a~1b'],
        ['prefixItems', '{ prefixItems: [FILE], minItems: 1, items: false }', '/input/prefixItems/0'],
      ] as const
    ).map(([where, input, field]): (typeof cases)[number] => [
      `a file under ${where}`,
      {
        'a/model.yaml': yaml('a').replace(
          'input: {}',
          `input: ${input.replaceAll('FILE', '{ type: string, contentMediaType: image/png }')}`,
        ),
      },
      'a/model.yaml',
      `${field}/contentMediaType`,
      /properties.*items/,
    ]),
    ['a pool that is wrong', { 'pools.yaml': '- { name: p, max: 0 }' }, 'pools.yaml', '/0/max', />=1/],
    [
      'a pool given twice',
      { 'pools.yaml': '[{ name: p }, { name: p }]' },
      'pools.yaml',
      '/1/name',
      /has a row already/,
    ],
  ];
  test.each(cases)('%s', async (_, files, file, field, message) => {
    await write(files);
    const error = await load().then(
      () => null,
      (thrown: unknown) => thrown as CatalogueError,
    );
    expect(error).toBeInstanceOf(CatalogueError);
    expect(error?.faults).toEqual([{ file: join(root, file), field, message: expect.stringMatching(message) }]);
  });

  test('a model in two folders', async () => {
    await write({ 'one/a/model.yaml': yaml('a'), 'two/a/model.yaml': yaml('a') });
    await expect(load(['one', 'two'])).rejects.toThrow(
      `${join(root, 'two/a/model.yaml')} /name: "a" is already a model, in ${join(root, 'one/a')}`,
    );
  });

  test('a folder that is not there', async () => {
    await expect(load(['gone'])).rejects.toThrow(/gone: cannot be read: ENOENT/);
  });

  test('all faults of all files are told at once', async () => {
    await write({ 'a/model.yaml': yaml('b'), 'c/model.yaml': 'name: c', 'pools.yaml': '{}' });
    const error = await load().then(
      () => null,
      (thrown: unknown) => thrown as CatalogueError,
    );
    expect(new Set(error?.faults.map((fault) => fault.file))).toEqual(
      new Set(['a/model.yaml', 'c/model.yaml', 'pools.yaml'].map((file) => join(root, file))),
    );
  });
});
