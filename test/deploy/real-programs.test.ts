import { afterAll, describe, expect, test } from '@jest/globals';
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder, removeFolders } from '../local/folder.ts';
import { emptyProject } from './fake-cloud.ts';
import { DEV, Machine } from './machine.ts';
import { write } from './rig.ts';

afterAll(() => removeFolders());
const TIMEOUT_MS = 120_000;

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
  test(
    'each command is one that it understands: it asks for the account, and for nothing else',
    async () => {
      const machine = new Machine();
      // So that why it failed is asked, too.
      machine.keep({ ...emptyProject(), steps: { receiver: { exitCode: 10, times: 1 } } });
      await machine.deploy(DEV);
      await machine.deploy(DEV);
      const config = newFolder();
      mkdirSync(join(config, 'source'));
      const asked = new Set(
        machine.state().calls.filter((call) => call.startsWith('gcloud ') && !/--version/.test(call)),
      );
      const [source, file] = [join(config, 'source'), join(config, 'cloudbuild.json')];
      writeFileSync(join(source, 'x'), '');
      writeFileSync(file, JSON.stringify({ steps: [{ name: 'x' }] }));
      const env = {
        PATH: process.env['PATH'],
        HOME: config,
        CLOUDSDK_CONFIG: config,
        CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
      };
      const complaintOf = (call: string): Promise<string> => {
        const args = call.split(' ').slice(1);
        // What was sent to the build is gone with the deployment.
        if (args[1] === 'submit') args[2] = source;
        const real = args.map((arg) => (arg.startsWith('--config=') ? `--config=${file}` : arg));
        return new Promise((resolve) =>
          execFile('gcloud', real, { env }, (_error, _out, err) => resolve(`${call}\n${err}`)),
        );
      };
      for (const complaint of await Promise.all([...asked].map(complaintOf))) {
        expect(complaint).toMatch(/active account selected|default credentials were not found/);
      }
      expect([...asked].filter((call) => call.startsWith('gcloud builds '))).toHaveLength(3);
      expect(asked.size).toBeGreaterThanOrEqual(10);
    },
    TIMEOUT_MS,
  );
});
