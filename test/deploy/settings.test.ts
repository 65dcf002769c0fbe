import { afterAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { readEnvironment } from '../../scripts/deploy/environment.ts';
import { removeFolders } from '../local/folder.ts';
import { emptyProject } from './fake-cloud.ts';
import { deployTo, foundIn, newRepository, runOn, SETTINGS, write } from './rig.ts';

afterAll(() => removeFolders());

describe('what Terraform is told', () => {
  test.each([
    [{}, 'slipway-dev'],
    [{ prefix: 'lab' }, 'lab'],
  ])('with %j has the prefix, also for the registry alone', async (more, prefix) => {
    const [root, state] = [newRepository(), emptyProject()];
    write(root, 'terraform/envs/dev/terraform.tfvars.json', JSON.stringify({ ...SETTINGS, ...more }));
    const run = runOn(root, state);
    const parts: unknown[] = [];
    const { error } = await deployTo(root, state, {
      run: async (command) => {
        const file = command.args.find((arg) => arg.startsWith('-var-file='))?.slice('-var-file='.length);
        if (file !== undefined) parts.push((JSON.parse(readFileSync(file, 'utf8')) as { prefix: string }).prefix);
        return run(command);
      },
    });
    expect([error, foundIn(root).prefix, parts]).toEqual([null, prefix, [prefix]]);
    expect(state.calls.filter((call) => call.includes(`gs://my-project-${prefix}-state`))).toHaveLength(3);
  });
});

describe('models of other folders', () => {
  const withModels = (models: readonly string[]): string => {
    const root = newRepository();
    write(root, 'terraform/envs/dev/terraform.tfvars.json', JSON.stringify({ ...SETTINGS, models }));
    return root;
  };

  test('are given to the build with those of SLIPWAY_MODELS, each once', async () => {
    const root = withModels(['mine', '/']);
    write(root, 'mine/fold/model.yaml', '');
    const told: unknown[] = [];
    const [state, environment] = [emptyProject(), readEnvironment(root, 'dev', { SLIPWAY_MODELS: `/:${root}` })];
    const run = runOn(root, state);
    const { error } = await deployTo(root, state, {
      environment,
      run: (command) => {
        if (command.program === process.execPath) told.push(command.env);
        return run(command);
      },
    });
    expect([error, told]).toEqual([null, [{ SLIPWAY_MODELS: `${root}/mine:/:${root}` }]]);
  });

  test('that are not there end it before anything is built', async () => {
    const { error } = await deployTo(withModels(['gone']));
    expect(error?.message).toMatch(
      /^There is no folder .*\/gone: see models in terraform\/envs\/dev\/terraform\.tfvars\.json/,
    );
  });
});
