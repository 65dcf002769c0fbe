import { afterAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { removeFolders } from '../local/folder.ts';
import { TOKEN } from './fake-cloud.ts';
import { DEV, Machine } from './machine.ts';

afterAll(() => removeFolders());
const TIMEOUT_MS = 120_000;

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

  test(
    'is refused while another of the same checkout runs, and is not once that was killed',
    async () => {
      const machine = new Machine();
      const script = `import { holdCheckout } from './scripts/deploy/lock.ts';
globalThis.release = holdCheckout(process.cwd(), 'which deploys dev');
console.log('held');
setInterval(() => undefined, 60_000);`;
      const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
        cwd: machine.root,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(createInterface({ input: holder.stdout }), 'line');
      expect(await machine.deploy(DEV)).toMatchObject({
        code: 1,
        err:
          `\nAnother deployment of this checkout runs: process ${holder.pid}, which deploys dev. ` +
          'Wait for its end, or use a second checkout (git worktree add).\n',
      });
      const ended = once(holder, 'close');
      holder.kill('SIGKILL');
      await ended;
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
    [['--env', 'staging', '--yes'], 2, /terraform\/envs\/staging is no environment, .*Environments: dev\./],
    [['--env', '../dev', '--yes'], 2, /is no environment/],
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
