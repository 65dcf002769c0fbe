import { afterAll, describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../../scripts/deploy/commands.ts';
import { removeFolders } from '../local/folder.ts';
import { emptyProject, type CloudState } from './fake-cloud.ts';
import { BUILT, deployedOnce, deployTo, foundIn, newRepository, runOn, verbsIn, write } from './rig.ts';

afterAll(() => removeFolders());

describe('the build of images', () => {
  test.each<[string, (state: CloudState) => void]>([
    [
      'the build is refused',
      (state) => state.faults.push({ begins: 'gcloud builds submit', err: 'PERMISSION_DENIED', times: 2 }),
    ],
    ['a push is refused', (state) => (state.steps['function-api'] = { exitCode: 11, times: 2 })],
  ])('tries again where %s, as the rights of its new account may not be known yet', async (_, breakIt) => {
    const state = emptyProject();
    breakIt(state);
    const pauses: number[] = [];
    const pause = async (ms: number): Promise<void> => void pauses.push(ms);
    expect((await deployTo(newRepository(), state, { pause })).error).toBeNull();
    expect(pauses).toEqual([30_000, 30_000]);
  });

  test('tries again after an interruption too, when the registry is no new one any more', async () => {
    const [root, state] = [newRepository(), emptyProject()];
    state.registry = true;
    state.faults.push({ begins: 'gcloud builds submit', err: 'PERMISSION_DENIED', times: 3 });
    expect((await deployTo(root, state)).error).toBeNull();
    expect(verbsIn(state).filter((verb) => verb === 'gcloud builds submit')).toHaveLength(4);
  });

  test('tries four times and no more', async () => {
    const state = emptyProject();
    state.faults.push({ begins: 'gcloud builds submit', err: 'PERMISSION_DENIED', times: 9 });
    const { error } = await deployTo(newRepository(), state);
    expect(error?.message).toMatch(/^Not in the registry after the build: function-api, .*\nCloud Build did not take/);
    expect(verbsIn(state).filter((verb) => verb === 'gcloud builds submit')).toHaveLength(4);
  });

  test.each([
    'ERROR: (gcloud.builds.submit) INVALID_ARGUMENT: invalid build: invalid disk size',
    'Creating temporary archive of 403 file(s) totalling 403 KiB\nERROR: (gcloud.builds.submit) RESOURCE_EXHAUSTED: none left',
    'ERROR: gcloud crashed (OSError): [Errno 28] No space left on device',
  ])('tries no second time what is no matter of rights, and says what gcloud says: %j', async (err) => {
    const state = emptyProject();
    state.faults.push({ begins: 'gcloud builds submit', err, times: 9 });
    const { error, lines } = await deployTo(newRepository(), state);
    const [said = ''] = /ERROR: .*/.exec(err) ?? [];
    expect(error?.message).toMatch(/^Not in the registry after the build: function-api, .*\nCloud Build did not take/);
    expect(error?.message.endsWith(`\n${said}`)).toBe(true);
    expect(lines.join('\n')).not.toMatch(/Rights/);
    expect(verbsIn(state).filter((verb) => verb === 'gcloud builds submit')).toHaveLength(1);
  });

  test.each(['HTTPError 403: Forbidden', 'caller does not have permission to act as service account x'])(
    'tries again where gcloud says %j',
    async (err) => {
      const state = emptyProject();
      state.faults.push({ begins: 'gcloud builds submit', err: `ERROR: (gcloud.builds.submit) ${err}`, times: 1 });
      expect((await deployTo(newRepository(), state)).error).toBeNull();
    },
  );

  describe('in a project that may not build in its region', () => {
    const err =
      'ERROR: (gcloud.builds.submit) FAILED_PRECONDITION: due to quota restrictions, cannot run builds of this machine type in this region';
    const refused = (): CloudState => {
      const state = emptyProject();
      state.faults.push({ begins: 'gcloud builds submit', err, times: 1 });
      return state;
    };

    test('ends with the flag that builds elsewhere, and does not do so by itself', async () => {
      const state = refused();
      const { error } = await deployTo(newRepository(), state);
      expect(error?.message.split('\n').slice(1)).toEqual([
        'Cloud Build did not take the build:',
        err,
        'Builds may not run in us-central1 for this project. Add --build-globally: then they run in the global pool, anywhere.',
      ]);
      expect(verbsIn(state).filter((verb) => verb === 'gcloud builds submit')).toHaveLength(1);
    });

    test('is not told to add what is there', async () => {
      const { error } = await deployTo(newRepository(), refused(), { buildGlobally: true });
      expect(error?.message.endsWith(err)).toBe(true);
    });
  });

  test('runs in the global pool where that is asked for, whatever region gcloud is set to, and so is asked for', async () => {
    const [root, state] = [newRepository(), emptyProject()];
    state.steps['function-api'] = { exitCode: 10, times: 1 };
    const run = runOn(root, state);
    const builds: Command[] = [];
    const { error } = await deployTo(root, state, {
      buildGlobally: true,
      run: (command) => {
        if (command.args[0] === 'builds') builds.push(command);
        return run(command);
      },
    });
    expect(builds.map(({ args, env }) => [args[1], args.join(' ').includes('region'), env])).toEqual([
      ['submit', false, { CLOUDSDK_BUILDS_REGION: 'global' }],
      ['list', false, { CLOUDSDK_BUILDS_REGION: 'global' }],
    ]);
    expect(error?.message).toMatch(
      /\nIts log: CLOUDSDK_BUILDS_REGION=global gcloud builds log build-0 --project=my-project$/,
    );
  });

  test('tries a Dockerfile that fails no second time, names its image, and has pushed the others', async () => {
    const { root, state } = await deployedOnce();
    const broken = { 'functions/api/main.mjs': '// broken', 'functions/sweep/main.mjs': '// better' };
    writeFileSync(join(root, 'built.json'), JSON.stringify({ ...BUILT, ...broken }));
    state.steps['function-api'] = { exitCode: 10, times: 9 };
    const { error } = await deployTo(root, state);
    expect(error?.message).toBe(
      'Not in the registry after the build: function-api.\n' +
        'Not built, since a step of its Dockerfile failed: function-api.\n' +
        'Its log: gcloud builds log build-1 --region=us-central1 --project=my-project',
    );
    expect(verbsIn(state).filter((verb) => verb === 'gcloud builds submit')).toHaveLength(1);
    state.steps = {};
    const again = await deployTo(root, state);
    expect(again.lines).toContain('To be built: function-api.');
  });

  test('takes the image that is there where another deployment was the first to push it', async () => {
    const { root, state } = await deployedOnce();
    writeFileSync(join(root, 'built.json'), JSON.stringify({ ...BUILT, 'functions/api/main.mjs': '// better' }));
    const run = runOn(root, state);
    const first = `sha256:${'f'.repeat(64)}`;
    const { error } = await deployTo(root, state, {
      run: async (command) => {
        if (command.args[1] === 'submit') {
          const file = command.args.find((arg) => arg.startsWith('--config='))?.slice('--config='.length) ?? '';
          const [, key = ''] = /(function-api:[0-9a-f]{16})/.exec(readFileSync(file, 'utf8')) ?? [];
          state.images[key] = first;
        }
        return run(command);
      },
    });
    expect(error).toBeNull();
    expect(foundIn(root).images.functions['api']).toMatch(new RegExp(`@${first}$`));
  });

  test('sends what the build made, whatever becomes of dist while a person thinks', async () => {
    const { root, state } = await deployedOnce();
    writeFileSync(join(root, 'built.json'), JSON.stringify({ ...BUILT, 'functions/api/main.mjs': '// mine' }));
    const run = runOn(root, state);
    const sent: string[] = [];
    const { error } = await deployTo(root, state, {
      run: async (command) => {
        if (command.args[1] === 'show' || command.args.includes('init'))
          write(root, 'dist/functions/api/main.mjs', '// other');
        if (command.args[1] === 'submit') {
          sent.push(readFileSync(join(command.args[2] ?? '', 'functions/api/main.mjs'), 'utf8'));
        }
        return run(command);
      },
    });
    expect([error, sent]).toEqual([null, ['// mine']]);
  });
});
