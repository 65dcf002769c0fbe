import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ended, ENV, isAlive, job, tempFolder } from './harness.ts';
import { refused, ScriptedDoor } from './scripted-door.ts';

const START = join(import.meta.dirname, '../../gpu-job/start.js');

let door: ScriptedDoor;
let models: string;
let pidFile: string;
beforeEach(async () => {
  door = await new ScriptedDoor().start();
  door.bounds = { ...door.bounds, models: ['wait'], idleTimeoutMs: 100 };
  models = tempFolder();
  pidFile = join(models, 'pid');
  mkdirSync(join(models, 'wait'));
  // YAML is a superset of JSON.
  writeFileSync(
    join(models, 'wait', 'model.yaml'),
    JSON.stringify({
      name: 'wait',
      title: 'Waits',
      description: 'Waits, or ends at once.',
      pool: 'test',
      runner: { kind: 'command', program: 'sh', args: ['run.sh', '{input}'] },
      input: { type: 'object', properties: { text: { type: 'string', contentMediaType: 'text/plain' } } },
      output: {},
    }),
  );
  writeFileSync(
    join(models, 'wait', 'run.sh'),
    `if grep -q '"text"' "$1"; then cp "$1" "$SLIPWAY_OUTPUT"; exit 0; fi\necho $$ > '${pidFile}'; echo started; sleep 60 & wait\n`,
  );
});
afterEach(() => door.stop());

/** The worker as a launch starts it, in a process of its own. */
function launch(more: Record<string, string> = {}) {
  const env = Object.fromEntries(
    Object.entries({ ...ENV, SLIPWAY_DOOR: door.url, ...more }).map(([k, v]) => [k, String(v)]),
  );
  const child = spawn(process.execPath, [START], {
    env: { PATH: process.env['PATH'] ?? '', SLIPWAY_MODELS: models, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, code, output: () => output };
}

const runnerPid = async (): Promise<number> => {
  await door.seen(({ name, body }) => name === 'report' && JSON.stringify(body['logs']).includes('started'));
  expect(existsSync(pidFile)).toBe(true);
  return Number(readFileSync(pidFile, 'utf8'));
};

test('a worker process runs jobs of its catalogue, input files fetched from loopback only where that is allowed', async () => {
  const input = { text: `${door.url}/file` };
  door.push(job('a', 'wait', input));
  expect(await launch().code).toBe(0);
  expect(await door.outcomeOf('a')).toMatchObject({ kind: 'failed', error: { kind: 'invalid_input' } });
  door.push(job('b', 'wait', input));
  expect(await launch({ SLIPWAY_ALLOW_LOOPBACK: '1' }).code).toBe(0);
  expect(await door.outcomeOf('b')).toMatchObject({ kind: 'succeeded' });
});

test('a worker process that gets SIGTERM hands its job back as preempted and exits 0', async () => {
  door.push(job('a', 'wait'));
  const worker = launch();
  const pid = await runnerPid();
  const beganMs = Date.now();
  worker.child.kill('SIGTERM');
  expect(await worker.code).toBe(0);
  expect(Date.now() - beganMs).toBeLessThan(8_000);
  expect(await door.outcomeOf('a')).toMatchObject({ kind: 'failed', error: { kind: 'preempted' } });
  expect(door.calls.at(-1)?.name).toBe('release');
  expect(isAlive(pid)).toBe(false);
});

test('a worker process that is killed takes its runners with it', async () => {
  door.push(job('a', 'wait'));
  const worker = launch();
  const pid = await runnerPid();
  worker.child.kill('SIGKILL');
  await worker.code;
  await ended(pid);
});

test('the process that loses the slot exits 0 and says so', async () => {
  door.script = () => refused;
  const worker = launch();
  expect(await worker.code).toBe(0);
  expect(worker.output()).toContain('the session was refused');
});

test('a process without what a launch gives exits 1 and names it, and no secret', async () => {
  const worker = launch({ SLIPWAY_FENCE: 'x', SLIPWAY_DOOR_TOKEN: 'hunter2' });
  expect(await worker.code).toBe(1);
  expect(worker.output()).toContain('SLIPWAY_FENCE');
  expect(worker.output()).not.toMatch(/hunter2|ticket-1/);
});
