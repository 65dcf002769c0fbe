import { afterAll, describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FUNCTION_NAMES } from '../../eventarc/routes.ts';
import { removeFolders } from '../local/folder.ts';
import { emptyProject, TOKEN } from './fake-cloud.ts';
import {
  BUILT,
  deployedOnce,
  deployTo,
  foundIn,
  newRepository,
  runOn,
  verbsIn,
  verbsShown,
  type Deployed,
} from './rig.ts';

afterAll(() => removeFolders());

const FIRST = [
  'terraform version',
  'gcloud',
  'gcloud auth print-access-token',
  'gcloud auth application-default print-access-token',
  'gcloud projects describe my-project',
  'gcloud billing projects describe my-project',
  'gcloud services enable',
  'gcloud storage buckets describe',
  'gcloud storage buckets create',
  'gcloud storage buckets update',
  'terraform init',
  'gcloud artifacts docker images list',
  'terraform plan -target',
  'terraform show',
  'terraform apply',
  'gcloud builds submit',
  'gcloud artifacts docker images list',
  'terraform plan',
  'terraform show',
  'terraform apply',
  'terraform output',
];

describe('a first deployment', () => {
  test('looks, lays the ground, makes the registry, fills it, and then makes all the rest', async () => {
    const state = emptyProject();
    const root = newRepository();
    const { lines, error } = await deployTo(root, state);
    expect(error).toBeNull();
    expect(verbsIn(state)).toEqual(FIRST);
    expect(state).toMatchObject({ bucket: 'versioned', registry: true });
    const { images, pools } = foundIn(root);
    expect(pools).toEqual(JSON.parse(BUILT['pools.json'] ?? ''));
    expect(Object.keys(images.pools)).toEqual(['chemistry']);
    expect(Object.keys(images.functions).sort()).toEqual([...FUNCTION_NAMES].sort());
    const digest = /^us-central1-docker\.pkg\.dev\/my-project\/slipway-dev\/[a-z-]+@sha256:[0-9a-f]{64}$/;
    for (const image of [...Object.values(images.functions), ...Object.values(images.pools), images.receiver]) {
      expect(image).toMatch(digest);
    }
    expect(lines.join('\n')).toContain(
      'npm run smoke -- --url https://slipway-dev-api-1.us-central1.run.app --receiver https://slipway-dev-receiver-1',
    );
  });

  test('gives the build its own account, its own bucket, and every image beside the others', async () => {
    const state = emptyProject();
    await deployTo(newRepository(), state);
    const [build = ''] = state.calls.filter((call) => call.startsWith('gcloud builds submit'));
    expect(build).toContain(
      '--service-account=projects/my-project/serviceAccounts/slipway-dev-build@my-project.iam.gserviceaccount.com',
    );
    expect(build).toContain('--gcs-source-staging-dir=gs://my-project-slipway-dev-build/source');
    expect(build).toContain('--region=us-central1');
    expect(Object.keys(state.images)).toHaveLength(FUNCTION_NAMES.length + 2);
  });

  test('asks for what is in the registry as the project itself, whatever project gcloud is set to', async () => {
    const state = emptyProject();
    await deployTo(newRepository(), state);
    const lists = state.calls.filter((call) => call.startsWith('gcloud artifacts docker images list'));
    expect(lists).toHaveLength(2);
    for (const list of lists) expect(list).toContain(' --project=my-project');
  });

  test('shows the state bucket closed to the public, in the home region', async () => {
    const state = emptyProject();
    await deployTo(newRepository(), state);
    expect(state.calls).toContain(
      'gcloud storage buckets create gs://my-project-slipway-dev-state --project=my-project --location=us-central1 ' +
        '--uniform-bucket-level-access --public-access-prevention',
    );
  });
});

test('docs/deploy.md has the commands of a first deployment, in their order', () => {
  const doc = readFileSync(join(import.meta.dirname, '../../docs/deploy.md'), 'utf8');
  expect(verbsShown(doc, 'The first deployment')).toEqual(FIRST);
});

describe('a further deployment', () => {
  test('of the same source makes nothing', async () => {
    const { root, state } = await deployedOnce();
    const { lines, error } = await deployTo(root, state);
    expect(error).toBeNull();
    expect(verbsIn(state).slice(6)).toEqual([
      'gcloud services enable',
      'gcloud storage buckets describe',
      'terraform init',
      'gcloud artifacts docker images list',
      'terraform plan',
      'terraform output',
    ]);
    expect(lines).toContain('\nEverything is as it should be already.');
  });

  test('builds the function that has changed, and no other', async () => {
    const { root, state } = await deployedOnce();
    const before = foundIn(root).images.functions;
    writeFileSync(join(root, 'built.json'), JSON.stringify({ ...BUILT, 'functions/api/main.mjs': '// better' }));
    const { lines, error } = await deployTo(root, state);
    expect(error).toBeNull();
    expect(lines).toContain('To be built: function-api.');
    const after = foundIn(root).images.functions;
    expect({ ...after, api: before['api'] }).toEqual(before);
    expect(after['api']).not.toBe(before['api']);
    expect(verbsIn(state)).toContain('terraform plan -target');
    expect(verbsIn(state).filter((verb) => verb === 'terraform apply')).toHaveLength(1);
  });

  test('going back to the former source builds nothing', async () => {
    const { root, state } = await deployedOnce();
    const before = foundIn(root);
    writeFileSync(join(root, 'built.json'), JSON.stringify({ ...BUILT, 'functions/api/main.mjs': '// worse' }));
    await deployTo(root, state);
    writeFileSync(join(root, 'built.json'), JSON.stringify(BUILT));
    state.calls = [];
    expect((await deployTo(root, state)).error).toBeNull();
    expect(foundIn(root)).toEqual(before);
    expect(verbsIn(state)).not.toContain('gcloud builds submit');
  });

  test('of a checkout that is being deployed already is refused with who does it, and goes once that has ended', async () => {
    const { root, state } = await deployedOnce();
    const run = runOn(root, state);
    let second: Deployed | null = null;
    const first = await deployTo(root, state, {
      run: async (command) => {
        second ??= await deployTo(root, state);
        return run(command);
      },
    });
    expect(first.error).toBeNull();
    expect(second).toMatchObject({
      error: {
        name: 'DeployError',
        message: expect.stringMatching(
          new RegExp(`^Another deployment of this checkout runs: process ${process.pid}, which deploys dev\\. Wait`),
        ),
      },
    });
    expect((await deployTo(root, state)).error).toBeNull();
  });
});

test.each(FIRST.map((verb, index) => [index, verb] as const))(
  'the same again comes to the same end where the answer of command %i, %s, was lost',
  async (index) => {
    const [root, state] = [newRepository(), emptyProject()];
    const run = runOn(root, state);
    const first = await deployTo(root, state, {
      run: async (command) => {
        // It is done, and its answer is lost: what comes after must bear both.
        const ran = await run(command);
        const isIt = command.program !== process.execPath && state.calls.length === index + 1;
        return isIt ? { code: 1, out: '', err: 'the line is dead' } : ran;
      },
    });
    // Whether billing is on is not everybody's to see; and of a build counts what it left in the registry.
    const isBorne = ['gcloud billing projects describe my-project', 'gcloud builds submit'].includes(
      FIRST[index] ?? '',
    );
    expect(first.error === null).toBe(isBorne);
    expect((await deployTo(root, state)).error).toBeNull();
    expect(state).toMatchObject({ bucket: 'versioned', registry: true, applied: expect.any(String) });
  },
);

describe('before anything is applied', () => {
  const questions: string[] = [];
  const answers =
    (...given: string[]) =>
    async (question: string) => {
      questions.push(question);
      return given.shift() ?? '';
    };

  test('a person is asked for the project, for the registry and for the rest', async () => {
    const state = emptyProject();
    const ask = answers('my-project', 'my-project');
    expect((await deployTo(newRepository(), state, { ask })).error).toBeNull();
    expect(questions).toEqual([
      "Apply this to project my-project? Type the project's id to go on: ",
      "Apply this to project my-project? Type the project's id to go on: ",
    ]);
  });

  test.each(['', 'y', 'yes', 'my-projec'])('the answer %j is none', async (given) => {
    const state = emptyProject();
    const { error } = await deployTo(newRepository(), state, { ask: answers(given) });
    expect(error?.message).toBe('That is not "my-project": nothing was applied.');
    expect(verbsIn(state)).not.toContain('terraform apply');
  });

  test('--plan-only applies nothing, and asks nobody', async () => {
    const [root, state] = [newRepository(), emptyProject()];
    const first = await deployTo(root, state, { planOnly: true });
    expect(first.error).toBeNull();
    expect(first.lines.at(-1)).toMatch(/without its registry/);
    expect(verbsIn(state)).not.toContain('terraform apply');
  });

  test('--plan-only plans everything where the registry is there, though it would be changed and lacks an image', async () => {
    const [root, state] = [newRepository(), emptyProject()];
    await deployTo(root, state);
    state.calls = [];
    writeFileSync(join(root, 'built.json'), JSON.stringify({ ...BUILT, 'functions/api/main.mjs': '// better' }));
    const { lines, error } = await deployTo(root, state, { planOnly: true });
    expect([error, lines.at(-1)]).toEqual([null, '\nPlanned only: nothing was applied.']);
    expect(verbsIn(state).slice(-5)).toEqual([
      'gcloud artifacts docker images list',
      'gcloud builds submit',
      'gcloud artifacts docker images list',
      'terraform plan',
      'terraform show',
    ]);
  });
});

describe('what is missing is said with its remedy', () => {
  test.each([
    ['terraform version', 'spawn terraform ENOENT', 127, /Terraform 1\.11 or later is needed: https:/],
    ['gcloud --version', 'spawn gcloud ENOENT', 127, /gcloud is not here\. Install it/],
    ['gcloud auth print-access-token', 'ERROR: no account', 1, /Run: gcloud auth login$/],
    [
      'gcloud auth application-default',
      'ERROR: no default',
      1,
      /gcloud auth application-default login\nthen: .*set-quota-project my-project$/,
    ],
    ['gcloud projects describe', 'ERROR: no permission', 1, /my-project cannot be seen: ERROR: no permission\nMake it/],
    [
      'gcloud projects describe',
      'ERROR: (gcloud.projects.describe) PERMISSION_DENIED: Cloud Resource Manager API has not been used in project 123 before or it is disabled.',
      1,
      /cannot be asked: .*project 123 [^]*\ngcloud services enable cloudresourcemanager\.\S+ cloudbilling\.\S+ --project=my-project$/,
    ],
    ['gcloud services enable', 'ERROR: denied', 1, /^The first APIs cannot be enabled: ERROR: denied$/],
    ['gcloud storage buckets describe', 'ERROR: HTTPError 403: no', 1, /cannot be seen\. It is another's /],
    ['gcloud artifacts docker images list', 'ERROR: PERMISSION_DENIED', 1, /cannot be seen:\nERROR: PERMISSION_DENIED/],
    ['terraform -chdir=terraform/envs/dev init', 'no', 1, /^terraform init failed, .*docs\/deploy\.md/],
  ])('%s', async (begins, err, code, message) => {
    const state = emptyProject();
    state.faults.push({ begins, err, code, times: 1 });
    const { error } = await deployTo(newRepository(), state);
    expect(error?.name).toBe('DeployError');
    expect(error?.message).toMatch(message);
  });

  test('a Terraform that is too old', async () => {
    const { error } = await deployTo(newRepository(), emptyProject(), {
      run: async () => ({ code: 0, out: '{"terraform_version": "1.9.8"}', err: '' }),
    });
    expect(error?.message).toMatch(/^This is Terraform 1\.9\.8\. Terraform 1\.11 or later is needed/);
  });
});

test('no token is said', async () => {
  const { lines } = await deployTo(newRepository());
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.join('\n')).not.toContain(TOKEN);
});
