import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { capturedLog, type CapturedLog } from '../local/capture-log.ts';

/** A built program that runs. */
export interface Program {
  readonly log: CapturedLog;
  /** What it wrote beside its log. */
  readonly errors: readonly string[];
  readonly exited: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
  /** SIGKILL, unless it has ended. */
  kill(): Promise<void>;
}

/** A built function that listens. */
export interface ServedProgram extends Program {
  readonly url: string;
}

const CONTAINER = { PATH: process.env['PATH'] ?? '', HOME: '/root' };

/** What the container of a function has on Cloud Run that its deployment does not set. */
export const googlesForFunction = (name: string): Record<string, string> => ({
  ...CONTAINER,
  K_SERVICE: name,
  K_REVISION: `${name}-00001-abc`,
  K_CONFIGURATION: name,
  FUNCTION_TARGET: name,
  FUNCTION_SIGNATURE_TYPE: 'http',
  CLOUD_RUN_TIMEOUT_SECONDS: '60',
});

/** The same for the task of a Cloud Run Job. */
export const googlesForTask = (job: string): Record<string, string> => ({
  ...CONTAINER,
  CLOUD_RUN_JOB: job,
  CLOUD_RUN_EXECUTION: `${job}-abcde`,
  CLOUD_RUN_TASK_INDEX: '0',
  CLOUD_RUN_TASK_ATTEMPT: '0',
  CLOUD_RUN_TASK_COUNT: '1',
});

/** Runs `node main.mjs` (or other arguments of Node) in a folder, with this environment and no other. */
export function run(folder: string, env: Readonly<Record<string, string>>, args = ['main.mjs']): Program {
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = capturedLog();
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { severity, message, fields } = JSON.parse(line) as { severity: string; message: string; fields: object };
    log[severity === 'ERROR' ? 'error' : 'info'](message, fields as Record<string, string>);
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    log,
    errors,
    exited,
    signal: (name) => void child.kill(name),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The same for a function; resolves when it listens. */
export async function serve(folder: string, env: Readonly<Record<string, string>>): Promise<ServedProgram> {
  const program = run(folder, { ...env, PORT: '0', SLIPWAY_LISTEN: '127.0.0.1' });
  const ended = program.exited.then((code) => {
    const said = program.log.lines.map(({ message }) => message);
    throw new Error(`it ended with ${code}: ${[...said, ...program.errors].join('\n')}`);
  });
  const { fields } = await Promise.race([program.log.line(({ message }) => message === 'serving'), ended]);
  ended.catch(() => undefined);
  return { ...program, url: `http://127.0.0.1:${String(fields['port'])}` };
}
