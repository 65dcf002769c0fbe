import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { WorkerEnv } from '../../domain/contract/door.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { processLauncher, type LauncherOptions, type ProcessLauncher } from '../../local/launcher.ts';
import { describeLauncher } from '../ports/describe-launcher.ts';
import { aLaunch } from '../ports/launch-request.ts';
import { capturedLog, type CapturedLog } from './capture-log.ts';
import { newFolder, removeFolders } from './folder.ts';
import { manualClock } from './manual-clock.ts';

const started: ProcessLauncher[] = [];
afterEach(() => Promise.all(started.splice(0).map((launcher) => launcher.stop())));
afterAll(removeFolders);

/** Waits for SIGTERM, and ends by it. */
const WAITING = `console.log('up', process.pid); setInterval(() => undefined, 1e6);`;
/** Ignores SIGTERM, and has a child that does too and would tell of it. */
const STUBBORN = `
  import { spawn } from 'node:child_process';
  const script = "process.on('SIGTERM', () => console.log('runner was told')); console.log('runner', process.pid); setInterval(() => 0, 1e6)";
  spawn(process.execPath, ['-e', script], { stdio: 'inherit' });
  process.on('SIGTERM', () => console.log('worker was told'));
  console.log('worker', process.pid);
`;

function scriptFile(text: string): string {
  const file = join(newFolder(), 'worker.mjs');
  writeFileSync(file, text);
  return file;
}

function makeLauncher(
  script: string,
  options: Partial<LauncherOptions> = {},
): { launcher: ProcessLauncher; log: CapturedLog } {
  const log = capturedLog();
  const launcher = processLauncher({
    program: [process.execPath, scriptFile(script)],
    cwd: newFolder(),
    bootId: 'boot1',
    door: () => ({ url: 'http://127.0.0.1:9/', token: 'door token' }),
    aliveSinceMs: 42,
    allowLoopback: false,
    clock: systemClock,
    random: systemRandom,
    log,
    ...options,
  });
  started.push(launcher);
  return { launcher, log };
}

describeLauncher('processes', async () => {
  const { launcher } = makeLauncher(WAITING);
  started.pop();
  return { launcher, close: () => launcher.stop() };
});

async function launch(launcher: ProcessLauncher): Promise<string> {
  const result = await launcher.launch(aLaunch());
  if (result.kind !== 'started') throw new Error(result.message);
  return result.execution;
}

const endOf = (launcher: ProcessLauncher): Promise<string> =>
  new Promise((resolve) => {
    const stop = launcher.onExit((execution) => {
      stop();
      resolve(execution);
    });
  });

/** The process that printed `<name> <pid>`. */
async function pidOf(log: CapturedLog, name: string): Promise<number> {
  const wanted = new RegExp(`${name} (\\d+)`);
  const { message } = await log.line((line) => wanted.test(line.message));
  return Number(wanted.exec(message)?.[1]);
}

function isAlive(pid: number): boolean {
  try {
    return !/^Z|^$/.test(execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).trim());
  } catch {
    return false;
  }
}

async function untilDead(...pids: number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise(setImmediate);
}

test('a worker gets the environment of a Cloud Run task and nothing of ours', async () => {
  const before = { ...process.env };
  Object.assign(process.env, {
    SLIPWAY_API_KEY: 'secret',
    NODE_OPTIONS: '',
    CUDA_VISIBLE_DEVICES: '0',
    LD_LIBRARY_PATH: '/x',
  });
  try {
    const { launcher, log } = makeLauncher('console.log(JSON.stringify(process.env))', {
      modelsFolder: '/models',
      allowLoopback: true,
    });
    const end = endOf(launcher);
    const result = await launcher.launch(
      aLaunch({ queue: 'slide-text@here', slot: 'slide-text@here~2', fence: 7, ticket: 't' }),
    );
    const execution = await end;
    expect(result).toEqual({ kind: 'started', execution });
    expect(execution).toMatch(/^slide-text-boot1-[0-9a-f]{10}$/);
    const env = JSON.parse((log.lines[0]?.message ?? '').slice(execution.length + 2)) as Record<string, string>;
    expect(WorkerEnv.parse(env)).toEqual({
      SLIPWAY_DOOR: 'http://127.0.0.1:9/',
      SLIPWAY_DOOR_TOKEN: 'door token',
      SLIPWAY_QUEUE: 'slide-text@here',
      SLIPWAY_SLOT: 'slide-text@here~2',
      SLIPWAY_FENCE: 7,
      SLIPWAY_TICKET: 't',
      CLOUD_RUN_JOB: 'slide-text',
      CLOUD_RUN_EXECUTION: execution,
      CLOUD_RUN_TASK_INDEX: 0,
      CLOUD_RUN_TASK_ATTEMPT: 0,
      CLOUD_RUN_TASK_COUNT: 1,
    });
    expect(env).toMatchObject({ PATH: process.env['PATH'], CUDA_VISIBLE_DEVICES: '0', LD_LIBRARY_PATH: '/x' });
    expect(env).toMatchObject({ SLIPWAY_MODELS: '/models', SLIPWAY_ALLOW_LOOPBACK: '1' });
    const allowed =
      /^(PATH|HOME|LANG|TMPDIR|LD_LIBRARY_PATH|(NVIDIA|CUDA)_\w+|SLIPWAY_(DOOR|DOOR_TOKEN|QUEUE|SLOT|FENCE|TICKET|MODELS|ALLOW_LOOPBACK)|CLOUD_RUN_\w+|PWD|OLDPWD|SHLVL|_)$/;
    expect(Object.keys(env).filter((name) => !allowed.test(name))).toEqual([]);
    expect(launcher.aliveSinceMs).toBe(42);
  } finally {
    process.env = before;
  }
});

test('cancel tells the worker alone, once; what is left of its group 10 s later is killed', async () => {
  const clock = manualClock(0);
  const { launcher, log } = makeLauncher(STUBBORN, { clock });
  const execution = await launch(launcher);
  const [worker, runner] = await Promise.all([pidOf(log, 'worker'), pidOf(log, 'runner')]);
  const end = endOf(launcher);
  await launcher.cancel({ queue: 'pool@here', execution });
  await launcher.cancel({ queue: 'pool@here', execution });
  await log.line((line) => line.message.endsWith('worker was told'));
  expect(clock.timers()).toEqual([10_000]);
  clock.set(9_999);
  expect([isAlive(worker), isAlive(runner)]).toEqual([true, true]);
  clock.set(10_000);
  expect(await end).toBe(execution);
  await untilDead(worker, runner);
  expect(log.lines.filter((line) => line.message.includes('was told'))).toHaveLength(1);
  expect(log.lines.at(-1)).toMatchObject({ level: 'error', fields: { signal: 'SIGKILL' } });
  expect(await launcher.status({ queue: 'pool@here', execution })).toBe('ended');
});

test('a worker that ends in time leaves no timer and no runner behind', async () => {
  const clock = manualClock(0);
  const { launcher, log } = makeLauncher(STUBBORN.replace("console.log('worker was told')", 'process.exit(0)'), {
    clock,
  });
  const execution = await launch(launcher);
  const [worker, runner] = await Promise.all([pidOf(log, 'worker'), pidOf(log, 'runner')]);
  const end = endOf(launcher);
  await launcher.cancel({ queue: 'pool@here', execution });
  await end;
  await untilDead(worker, runner);
  expect(clock.timers()).toEqual([]);
  expect(log.lines.at(-1)).toMatchObject({ level: 'info', message: 'worker ended', fields: { execution } });
});

test('output is logged line by line under the name of its execution, and the last lines of a failure once more', async () => {
  const { launcher, log } = makeLauncher(`
    process.stdout.write('half '); process.stdout.write('line\\n' + 'é'.repeat(20_000) + '\\nno end');
    for (let n = 0; n < 30; n++) console.error('error', n);
    process.exitCode = 3;
  `);
  const end = endOf(launcher);
  const execution = await launch(launcher);
  await end;
  const lines = log.lines.slice(0, -1).map(({ message }) => message);
  expect(lines).toContain(`${execution}: half line`);
  expect(lines).toContain(`${execution}: ${'é'.repeat(8_192)}`);
  expect(lines).toContain(`${execution}: no end`);
  expect(lines).toHaveLength(33);
  const last = log.lines.at(-1);
  expect(last).toMatchObject({
    level: 'error',
    message: 'worker failed',
    fields: { execution, code: 3, signal: null },
  });
  expect(String(last?.fields['lastLines']).split('\n')).toHaveLength(20);
  expect(last?.fields['lastLines']).toContain('error 29');
});

test("a worker's own log lines are passed on with severity, message and fields; what only looks like one is not", async () => {
  const own = {
    time: '2026-11-21T00:00:00.000Z',
    severity: 'ERROR',
    message: 'a renewal failed',
    fields: { reason: 'gone', n: 2 },
  };
  const alike = [
    { ...own, severity: 'FATAL' },
    { ...own, fields: { deep: {} } },
    { ...own, more: 1 },
    { time: own.time },
  ].map((line) => JSON.stringify(line));
  const printed = [JSON.stringify({ ...own, fields: { ...own.fields, execution: 'another' } }), ...alike, '{no json'];
  const { launcher, log } = makeLauncher(`for (const line of ${JSON.stringify(printed)}) console.log(line);`);
  const end = endOf(launcher);
  const execution = await launch(launcher);
  await end;
  expect(log.lines[0]).toEqual({ level: 'error', message: own.message, fields: { ...own.fields, execution } });
  const rest = [...alike, '{no json'].map((line) => ({ level: 'info', message: `${execution}: ${line}`, fields: {} }));
  expect(log.lines.slice(1, -1)).toEqual(rest);
});

test('a program that is not there ends with code 127', async () => {
  const { launcher, log } = makeLauncher('', { program: ['/nowhere/worker'] });
  const end = endOf(launcher);
  const execution = await launch(launcher);
  expect(await end).toBe(execution);
  expect(log.lines.at(-1)).toMatchObject({ message: 'worker failed', fields: { code: 127 } });
});

test.each<[string, Partial<LauncherOptions>, string, RegExp]>([
  ['its folder is missing', { cwd: '/nowhere' }, 'not_found', /no folder \/nowhere/],
  [
    'the door is not open yet',
    {
      door: () => {
        throw new Error('the door is not open yet');
      },
    },
    'other',
    /not open yet/,
  ],
])('where nothing can be started the launch has failed: %s', async (_, options, reason, message) => {
  const { launcher } = makeLauncher('', options);
  expect(await launcher.launch(aLaunch())).toEqual({ kind: 'failed', reason, message: expect.stringMatching(message) });
});

test('stop ends every worker, stubborn ones after the grace, leaves no process, and launches nothing more', async () => {
  const { launcher, log } = makeLauncher(STUBBORN, { graceMs: 50 });
  await launch(launcher);
  const [worker, runner] = await Promise.all([pidOf(log, 'worker'), pidOf(log, 'runner')]);
  await Promise.all([launcher.stop(), launcher.stop()]);
  await untilDead(worker, runner);
  expect(await launcher.launch(aLaunch())).toMatchObject({ kind: 'failed', reason: 'other' });
});

test('when the launching process is killed with -9, its workers go with it, runners and all', async () => {
  const program = join(import.meta.dirname, 'launch-until-killed.ts');
  const stack = spawn(process.execPath, [program, scriptFile(STUBBORN)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const log = capturedLog();
  createInterface({ input: stack.stdout }).on('line', (line) => log.info(line));
  try {
    const [worker, runner] = await Promise.all([pidOf(log, 'worker'), pidOf(log, 'runner')]);
    expect([isAlive(worker), isAlive(runner)]).toEqual([true, true]);
    stack.kill('SIGKILL');
    await untilDead(worker, runner);
  } finally {
    stack.kill('SIGKILL');
  }
});
