import { afterAll, describe, expect, test } from '@jest/globals';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { newFolder, removeFolders } from '../local/folder.ts';
import { emptyProject, TOKEN, type CloudState } from './fake-cloud.ts';
import { newRepository, write } from './rig.ts';

afterAll(() => removeFolders());
const TIMEOUT_MS = 120_000;
const STAND_IN = join(import.meta.dirname, 'stand-in.ts');

interface Started {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `npm run deploy` in a repository of its own, with stand-ins first on PATH. */
class Machine {
  readonly root = newRepository();
  readonly tmp = newFolder();
  readonly #bin = newFolder();
  readonly #state = join(this.#bin, 'state.json');

  constructor(programs: readonly string[] = ['gcloud', 'terraform']) {
    for (const program of programs) {
      const script = `#!/bin/sh\nexec '${process.execPath}' --no-warnings '${STAND_IN}' ${program} "$@"\n`;
      writeFileSync(join(this.#bin, program), script);
      chmodSync(join(this.#bin, program), 0o755);
    }
    this.keep(emptyProject());
  }

  keep(state: CloudState): void {
    writeFileSync(this.#state, JSON.stringify(state));
  }

  state(): CloudState {
    return JSON.parse(readFileSync(this.#state, 'utf8')) as CloudState;
  }

  /** @param path what is on PATH behind the stand-ins */
  async deploy(
    args: readonly string[],
    { env = {}, path = '/usr/bin:/bin', onLine = () => undefined }: Given = {},
  ): Promise<Started> {
    const child = spawn(process.execPath, ['scripts/deploy.ts', ...args], {
      cwd: this.root,
      env: { PATH: `${this.#bin}:${path}`, HOME: this.tmp, TMPDIR: this.tmp, STAND_IN_STATE: this.#state, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    createInterface({ input: child.stdout }).on('line', (line) => {
      out += `${line}\n`;
      onLine(line, () => child.kill('SIGINT'));
    });
    child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, out, err };
  }
}

interface Given {
  readonly env?: Record<string, string>;
  readonly path?: string;
  readonly onLine?: (line: string, interrupt: () => void) => void;
}

const DEV = ['--env', 'dev', '--yes'];

describe('npm run deploy', () => {
  test(
    'says each command before it runs it, and no token; leaves no plan behind; and does nothing the second time',
    async () => {
      const machine = new Machine();
      const first = await machine.deploy(DEV);
      expect(first).toMatchObject({ code: 0, err: '' });
      const said = first.out
        .split('\n')
        .flatMap((line) => (/^\$ (gcloud|terraform) /.test(line) ? [line.slice(2)] : []));
      expect(said.map((line) => line.replaceAll("'", ''))).toEqual(machine.state().calls);
      expect(first.out).not.toContain(TOKEN);
      expect(first.out).toMatch(/^Slipway is at https:\/\/slipway-dev-api-1\.us-central1\.run\.app$/m);
      expect(readdirSync(machine.tmp)).toEqual([]);

      const second = await machine.deploy(DEV);
      expect(second).toMatchObject({ code: 0, err: '' });
      expect(second.out).toMatch(/^Everything is as it should be already\.$/m);
      expect(machine.state().calls.filter((call) => call.includes('builds submit'))).toHaveLength(1);
    },
    TIMEOUT_MS,
  );

  test(
    'Ctrl-C, which comes twice by npm, reaches Terraform once, is waited for, and lets a second run go on',
    async () => {
      const machine = new Machine();
      const { code, out, err } = await machine.deploy(DEV, {
        env: { STAND_IN_HOLD: 'all.tfplan' },
        onLine: (line, interrupt) => {
          if (line !== 'held') return;
          interrupt();
          interrupt();
        },
      });
      expect(code).toBe(1);
      expect(out).toContain('Interrupted: what runs is told to end, and waited for.');
      expect(err).toMatch(/^Interrupted in: terraform -chdir=terraform\/envs\/dev plan .*\nRun the same again/m);
      expect(machine.state().calls.at(-1)).toBe('told 1 time(s)');
      expect(readdirSync(machine.tmp)).toEqual([]);
      expect(await machine.deploy(DEV)).toMatchObject({ code: 0, err: '' });
    },
    TIMEOUT_MS,
  );

  test('runs nothing where nobody can be asked', async () => {
    const machine = new Machine();
    const { code, err } = await machine.deploy(['--env', 'dev']);
    expect({ code, err }).toEqual({
      code: 2,
      err: '\nThere is nobody to ask: this is no terminal. Add --yes, or --plan-only.\n',
    });
    expect(machine.state().calls).toEqual([]);
  });

  test.each([
    [[], 2, /^\n--env is needed: npm run deploy/],
    [['--env', 'staging', '--yes'], 2, /no folder terraform\/envs\/staging\. Environments: dev\./],
    [['--env', '../dev', '--yes'], 2, /there is no folder/],
    [['--environment', 'dev'], 2, /Unknown option '--environment'/],
  ])('%j cannot be meant', async (args, exit, message) => {
    const { code, err } = await new Machine().deploy(args);
    expect(code).toBe(exit);
    expect(err).toMatch(message);
  });

  test('--help says what there is', async () => {
    expect(await new Machine().deploy(['--help'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/--plan-only/),
    });
  });

  test('says what to write where the settings of the environment are not there', async () => {
    const machine = new Machine();
    rmSync(join(machine.root, 'terraform/envs/dev/terraform.tfvars.json'));
    const { code, err } = await machine.deploy(DEV);
    expect(code).toBe(1);
    const [, json = ''] = /terraform\.tfvars\.json is not there\. Write it, .*\n\n([^]*?)\n\n/.exec(err) ?? [];
    expect(JSON.parse(json)).toEqual({ project: 'the-id-of-your-project', regions: ['us-central1'] });
  });

  test('says what installs a program that is not there', async () => {
    const machine = new Machine(['terraform']);
    const { code, err } = await machine.deploy(DEV, { path: '/nowhere' });
    expect({ code, err }).toEqual({
      code: 1,
      err: '\ngcloud is not here. Install it: https://cloud.google.com/sdk/docs/install\n',
    });
  });
});

const here = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const where = (program: string): string =>
  spawnSync('sh', ['-c', `command -v ${program}`])
    .stdout.toString()
    .trim();

/** What needs no provider: the shape of an environment, with as much in it as Terraform can make by itself. */
const ENVIRONMENT = `
variable "images" { type = object({ functions = map(string), pools = map(string), receiver = optional(string) }) }
variable "pools" { type = any }
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
      expect(first.out).toMatch(/The plan: 7 to make, 0 to change, 0 to replace, 0 to destroy\./);
      expect(first.out).toMatch(/^Slipway is at https:\/\/api\.invalid$/m);
      expect(readFileSync(made, 'utf8')).toBe('');
      const second = await machine.deploy(DEV, { path });
      expect(second).toMatchObject({ code: 0 });
      expect(second.out).toMatch(/^Everything is as it should be already\.$/m);
    },
    TIMEOUT_MS,
  );
});

(here('gcloud') ? describe : describe.skip)('with the real gcloud, and no account', () => {
  test(
    'each command is one that it understands: it asks for the account, and for nothing else',
    async () => {
      const machine = new Machine();
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
        if (args[0] === 'builds') args[2] = source;
        const real = args.map((arg) => (arg.startsWith('--config=') ? `--config=${file}` : arg));
        return new Promise((resolve) =>
          execFile('gcloud', real, { env }, (_error, _out, err) => resolve(`${call}\n${err}`)),
        );
      };
      for (const complaint of await Promise.all([...asked].map(complaintOf))) {
        expect(complaint).toMatch(/active account selected|default credentials were not found/);
      }
      expect(asked.size).toBeGreaterThanOrEqual(9);
    },
    TIMEOUT_MS,
  );
});
