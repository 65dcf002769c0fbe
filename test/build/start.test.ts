import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FUNCTION_NAMES, type FunctionName } from '../../eventarc/routes.ts';
import { CONFIGS } from '../../functions/start/config.ts';
import { deployedFunctions } from '../../scripts/generate/functions.ts';
import { ENV, job } from '../worker/harness.ts';
import { ScriptedDoor } from '../worker/scripted-door.ts';
import { built, MODELS, type Built } from './built.ts';
import { googlesForFunction, googlesForTask, run, serve, type Program } from './program.ts';

/** Every variable that has no default, to no avail: nothing listens there. */
const VALUES: Readonly<Record<string, string>> = {
  GOOGLE_CLOUD_PROJECT: 'test',
  SLIPWAY_NAME: 'slipway',
  SLIPWAY_DATABASE: '(default)',
  SLIPWAY_BUCKET: 'blobs',
  SLIPWAY_REGIONS: 'here',
  SLIPWAY_CALLERS: 'caller@test.iam.gserviceaccount.com',
  SLIPWAY_OWN_HOSTS: 'api.example.com',
  SLIPWAY_REGION: 'here',
  SLIPWAY_DISPATCH_URL: 'http://127.0.0.1:1/',
  SLIPWAY_ON_JOB_EVENT_URL: 'http://127.0.0.1:1/',
  SLIPWAY_DELIVER_WEBHOOK_URL: 'http://127.0.0.1:1/',
  FIRESTORE_EMULATOR_HOST: '127.0.0.1:1',
};
const envOf = (name: FunctionName): Record<string, string> => ({
  ...googlesForFunction(name),
  ...Object.fromEntries(Object.entries(VALUES).filter(([variable]) => variable in CONFIGS[name].shape)),
});

let dist: Built;
let program: Program | undefined;
beforeAll(async () => {
  dist = await built();
}, 120_000);
afterEach(() => program?.kill());
afterAll(() => dist.remove());

describe.each(FUNCTION_NAMES)('the built function %s', (name) => {
  const folder = (): string => join(dist.folder, 'functions', name);

  test('starts with what Google and its deployment give, refuses whom it does not know, and ends at SIGTERM', async () => {
    const served = await serve(folder(), envOf(name));
    program = served;
    const answer = await fetch(served.url, { method: 'POST', body: '{}' });
    expect(answer.status).toBe(name === 'api' ? 404 : 401);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    served.signal('SIGTERM');
    expect(await served.exited).toBe(0);
    expect(served.errors).toEqual([]);
  });

  if (name === 'api') {
    test('says which build it is though nothing that it stands on is there, and describes itself', async () => {
      program = await serve(folder(), envOf(name));
      const { url } = program as Program & { url: string };
      const root = join(import.meta.dirname, '../..');
      const committed = JSON.parse(readFileSync(join(root, 'openapi.json'), 'utf8')) as { info: { version: string } };
      const answer = await fetch(new URL('/v1/health', url));
      expect([answer.status, await answer.json()]).toEqual([503, { status: 'down', version: committed.info.version }]);
      expect(await (await fetch(new URL('/openapi.json', url))).json()).toEqual(committed);
    });
  }

  test('says at its start path that it has no way out yet, where its way out leads through a network', async () => {
    const { startup } = deployedFunctions()[name];
    program = await serve(folder(), envOf(name));
    const { url } = program as Program & { url: string };
    const { status } = await fetch(new URL('/startup', url));
    expect({ startup, status }).toEqual(
      name === 'deliver-webhook'
        ? { startup: '/startup', status: 503 }
        : { startup: null, status: name === 'api' ? 404 : 401 },
    );
  });

  test('without a variable exits 1 and names it', async () => {
    const env = Object.entries({ ...envOf(name), PORT: '0' }).filter(([one]) => one !== 'GOOGLE_CLOUD_PROJECT');
    program = run(folder(), Object.fromEntries(env));
    expect(await program.exited).toBe(1);
    expect(program.log.lines).toHaveLength(1);
    expect(program.log.lines[0]?.fields).toEqual({ variables: 'GOOGLE_CLOUD_PROJECT' });
  });
});

describe('the built worker', () => {
  let door: ScriptedDoor;
  beforeAll(async () => {
    door = await new ScriptedDoor().start();
  });
  afterAll(() => door.stop());
  const launched = (more: Record<string, string> = {}): Program => {
    const told = Object.entries({ ...ENV, SLIPWAY_DOOR: door.url, SLIPWAY_QUEUE: 'files@here' });
    const env = Object.fromEntries(told.map(([key, value]) => [key, String(value)]));
    program = run(join(dist.folder, 'worker'), { ...googlesForTask('test'), SLIPWAY_MODELS: MODELS, ...env, ...more });
    return program;
  };

  test('takes a job of a model that the build has seen, and of one that it has not', async () => {
    door.bounds = { ...door.bounds, models: ['write-file', 'noop'] };
    door.push(job('a', 'write-file', { text: 'abc' }), job('b', 'noop', { echo: 1 }));
    const other = join(import.meta.dirname, '../stack/models');
    expect(await launched({ SLIPWAY_MODELS: `${MODELS}:${other}` }).exited).toBe(0);
    expect(await door.outcomeOf('a')).toMatchObject({ kind: 'succeeded', output: { bytes: 14 } });
    expect(await door.outcomeOf('b')).toMatchObject({ kind: 'succeeded', output: { echo: 1 } });
    expect([...door.uploads.keys()]).toEqual(['/blobs/a/input.json']);
  });

  test('without a variable exits 1 and names it', async () => {
    expect(await launched({ SLIPWAY_FENCE: 'x' }).exited).toBe(1);
    expect(program?.log.lines[0]?.fields).toEqual({ variables: 'SLIPWAY_FENCE' });
  });
});

test.each(['functions/api', 'worker'])('%s starts from compiled code once it is warmed', async (name) => {
  const folder = join(dist.folder, name);
  expect(execFileSync(process.execPath, ['warm.mjs'], { cwd: folder, env: {}, encoding: 'utf8' })).toBe('');
  expect(readdirSync(join(folder, '.code-cache'))).toHaveLength(1);
  // With nothing of what it needs to run, so that it ends by itself.
  const env = { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
  program = run(folder, env);
  expect(await program.exited).toBe(1);
  const said = program.errors.filter((line) => line.includes('/program.mjs'));
  expect(said.join('\n')).toMatch(/was accepted/);
  expect(said.join('\n')).not.toMatch(/not initialized|rejected/);
});
