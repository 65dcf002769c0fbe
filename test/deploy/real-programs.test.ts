import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildConfig, sendBuild } from '../../scripts/deploy/cloud-build.ts';
import { systemCommands } from '../../scripts/deploy/commands.ts';
import { registryOf } from '../../scripts/deploy/environment.ts';
import { isStateThere } from '../../scripts/deploy/ground.ts';
import { digestsIn } from '../../scripts/deploy/registry.ts';
import { endOf, type Watching } from '../../scripts/deploy/watch-build.ts';
import { newFolder, removeFolders } from '../local/folder.ts';
import { PROJECT_NUMBER } from './fake-cloud.ts';
import { fakeGoogle, type FakeGoogle } from './fake-google.ts';
import { DEV, Machine } from './machine.ts';
import { write } from './rig.ts';

afterAll(() => removeFolders());
const TIMEOUT_MS = 120_000;
const ROOT = join(import.meta.dirname, '../..');

const here = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const where = (program: string): string =>
  spawnSync('sh', ['-c', `command -v ${program}`])
    .stdout.toString()
    .trim();

/** What needs no provider: the shape of an environment, with as much in it as Terraform can make by itself. */
const ENVIRONMENT = `
variable "images" { type = object({ functions = map(string), pools = map(string), receiver = optional(string) }) }
variable "pools" { type = any }
variable "prefix" { type = string }
variable "project" { type = string }
variable "regions" { type = list(string) }
module "slipway" {
  source = "../.."
  images = var.images
}
output "api_url" { value = "https://api.invalid" }
output "first_key_command" { value = "npm run --silent first-key" }
output "topics" { value = { nudges = "n" } }
`;
const MODULE = `
variable "images" { type = any }
module "registry" { source = "./modules/registry" }
module "project" { source = "./modules/project" }
resource "terraform_data" "service" {
  for_each = var.images.functions
  input = each.value
  depends_on = [module.registry]
}
`;

(here('terraform') ? describe : describe.skip)('with the real Terraform', () => {
  test(
    'makes the registry first, then what runs the images, and asks for nothing',
    async () => {
      const machine = new Machine(['gcloud']);
      write(machine.root, 'terraform/envs/dev/main.tf', ENVIRONMENT);
      write(machine.root, 'terraform/main.tf', MODULE);
      write(
        machine.root,
        'terraform/modules/project/main.tf',
        `resource "terraform_data" "api" {
  provisioner "local-exec" {
    when = destroy
    command = "exit 1"
  }
}`,
      );
      const made = join(machine.root, 'registry-is-made');
      // The stand-in of gcloud knows of the registry by a command that Terraform runs.
      const told = `s.registry=true;require('fs').writeFileSync(f,JSON.stringify(s));require('fs').writeFileSync('${made}','')`;
      const script = `const f=process.env.STAND_IN_STATE;const s=JSON.parse(require('fs').readFileSync(f));${told}`;
      write(
        machine.root,
        'terraform/modules/registry/main.tf',
        `resource "terraform_data" "repository" {
  provisioner "local-exec" { command = ${JSON.stringify(`'${process.execPath}' -e "${script.replaceAll('"', '\\"')}"`)} }
}`,
      );
      const path = `${join(where('terraform'), '..')}:/usr/bin:/bin`;
      const first = await machine.deploy(DEV, { path });
      expect(first).toMatchObject({ code: 0 });
      expect(first.out).toMatch(/The plan: 1 to make, 0 to change, 0 to replace, 0 to destroy\./);
      expect(first.out).toMatch(/The plan: 8 to make, 0 to change, 0 to replace, 0 to destroy\./);
      expect(first.out).toMatch(/^Slipway is at https:\/\/api\.invalid$/m);
      expect(readFileSync(made, 'utf8')).toBe('');
      const second = await machine.deploy(DEV, { path });
      expect(second).toMatchObject({ code: 0 });
      expect(second.out).toMatch(/^Everything is as it should be already\.$/m);

      // As on another machine; and the project's part would fail if it were destroyed.
      rmSync(join(machine.root, 'terraform/envs/dev/deploy.auto.tfvars.json'));
      const third = await machine.deploy([...DEV, '--destroy'], { path });
      expect(third).toMatchObject({ code: 0, err: '' });
      expect(third.out).toMatch(/The plan: 0 to make, 0 to change, 0 to replace, 8 to destroy\./);
      expect(third.out).toMatch(/^It is gone\./m);
      const fourth = await machine.deploy([...DEV, '--destroy'], { path });
      expect(fourth).toMatchObject({ code: 0, err: '' });
      expect(fourth.out).not.toMatch(/ apply /);
    },
    TIMEOUT_MS,
  );
});

(here('gcloud') ? describe : describe.skip)('with the real gcloud, and no account', () => {
  /** These are tried on more than their words, below. */
  const TRIED = /^gcloud (builds|artifacts|storage buckets describe) /;

  test(
    'each command is one that it understands: it asks for the account, and for nothing else',
    async () => {
      const machine = new Machine();
      await machine.deploy(DEV);
      const config = newFolder();
      const asked = machine
        .state()
        .calls.filter((call) => call.startsWith('gcloud ') && !/--version$/.test(call) && !TRIED.test(call));
      const env = {
        PATH: process.env['PATH'],
        HOME: config,
        CLOUDSDK_CONFIG: config,
        CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
      };
      const complaintOf = (call: string): Promise<string> =>
        new Promise((resolve) =>
          execFile('gcloud', call.split(' ').slice(1), { env }, (_error, _out, err) => resolve(`${call}\n${err}`)),
        );
      for (const complaint of await Promise.all(asked.map(complaintOf))) {
        expect(complaint).toMatch(/active account selected|default credentials were not found/);
      }
      expect(asked).toHaveLength(7);
    },
    TIMEOUT_MS,
  );
});

(here('gcloud') ? describe : describe.skip)(
  'with the real gcloud, set to another project, on a stand-in for its API',
  () => {
    let google: FakeGoogle;
    const said: string[] = [];
    const environment = {
      ...{ name: 'dev', folder: 'terraform/envs/dev', project: 'my-project', home: 'us-central1' },
      ...{ prefix: 'slipway-dev', models: [] },
    };
    const watching = (buildGlobally = false): Watching => ({
      ...{ environment, buildGlobally, pause: async () => undefined, say: () => undefined },
      run: systemCommands({ cwd: ROOT, env: google.env, say: (line) => said.push(line) }).run,
    });
    const image = { group: 'receiver', name: 'receiver', image: 'receiver', folder: 'receiver', tag: 'a' } as const;
    /** Sends one image to be built. @returns gcloud's exit code */
    const sent = async (to: Watching, tag: string): Promise<number | null> => {
      const [folder, config] = [newFolder(), join(newFolder(), 'cloudbuild.json')];
      write(folder, 'receiver/Dockerfile', 'FROM scratch');
      return (await sendBuild(to, { folder, config, images: [image], tag })).code;
    };
    beforeAll(async () => {
      google = await fakeGoogle();
    });
    afterAll(() => google.close());

    test(
      'a build is sent as its configuration says it, to the home region, and found again by its tag',
      async () => {
        expect(await sent(watching(), 'once')).toBe(0);
        const { path, body, quota } = google.asked.find(
          ({ method, path: to }) => method === 'POST' && to.endsWith('/builds'),
        )!;
        expect([path, quota]).toEqual(['/v1/projects/my-project/locations/us-central1/builds', 'my-project']);
        const { options, ...rest } = buildConfig([image], registryOf(environment), 'once');
        expect(JSON.parse(body)).toEqual({
          ...rest,
          // As a number of 64 bits is written.
          options: { ...options, diskSizeGb: String(options['diskSizeGb']) },
          serviceAccount: 'projects/my-project/serviceAccounts/slipway-dev-build@my-project.iam.gserviceaccount.com',
          source: { storageSource: { bucket: 'x', object: 'o', generation: '1' } },
        });
        expect(await endOf(watching(), 'once')).toMatchObject({ id: 'b', status: 'SUCCESS' });
      },
      TIMEOUT_MS,
    );

    test(
      'a build that is to be anywhere goes to the global pool, and is looked for there, though gcloud is set to a region',
      async () => {
        const before = google.asked.length;
        expect(await sent(watching(true), 'anywhere')).toBe(0);
        expect(await endOf(watching(true), 'anywhere')).toMatchObject({ id: 'b' });
        const asked = google.asked.slice(before).filter(({ path }) => /\/builds(\/b)?$/.test(path));
        expect(asked.map(({ method }) => method)).toEqual(expect.arrayContaining(['POST', 'GET']));
        expect(asked.filter(({ path }) => !path.startsWith('/v1/projects/my-project/locations/global/'))).toEqual([]);
      },
      TIMEOUT_MS,
    );

    test(
      'what is in the registry counts on the quota of the project itself',
      async () => {
        expect(await digestsIn(watching().run, environment)).toEqual(new Map());
        const quotas = google.asked.filter(({ path }) => path.includes('/repositories/')).map(({ quota }) => quota);
        expect(quotas).toEqual(['my-project', 'my-project']);
      },
      TIMEOUT_MS,
    );

    test(
      "the bucket of the state is seen to be the project's, and a missing one to be missing",
      async () => {
        const { run } = watching();
        const [isThere, isMissing] = await Promise.all([
          isStateThere(run, environment, PROJECT_NUMBER),
          isStateThere(run, { ...environment, prefix: 'gone' }, PROJECT_NUMBER),
        ]);
        expect([isThere, isMissing]).toEqual([true, false]);
      },
      TIMEOUT_MS,
    );
  },
);
