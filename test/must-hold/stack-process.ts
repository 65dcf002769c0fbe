import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { EMULATORS } from '../emulators/here.ts';
import { MODELS, type Engine } from '../stack/test-stack.ts';

/** The program that a person starts, for each engine. */
const START: Readonly<Record<Engine, string>> = {
  embedded: join(import.meta.dirname, '../../local/start.js'),
  emulators: join(import.meta.dirname, '../../emulators/start.js'),
};
const API_KEY = 'a-key-of-the-tests-0123';

export interface StackProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly printed: readonly string[];
  call(method: string, path: string, body?: unknown, prefer?: string): Promise<{ status: number; body: unknown }>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Every stack started here that may still live: a test that fails leaves its own behind. */
const started = new Set<ChildProcess>();

/** Kills what is left of them; resolves when no process and no pipe of theirs is. */
export async function killAll(): Promise<void> {
  await Promise.all([...started].map((child) => end(child, 'SIGKILL')));
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (!started.has(child)) return;
  const closed = once(child, 'close');
  child.kill(signal);
  await closed;
}

/** `npm start` as a process of its own. Resolves when it says that it is ready; rejects with what it printed when it ends before. */
export async function startProcess(
  dataFolder: string,
  env: Record<string, string> = {},
  engine: Engine = 'embedded',
  program = START[engine],
): Promise<StackProcess> {
  const child = spawn(process.execPath, [program], {
    env: {
      PATH: process.env['PATH'] ?? '',
      SLIPWAY_PORT: '0',
      SLIPWAY_DATA: dataFolder,
      SLIPWAY_API_KEY: API_KEY,
      SLIPWAY_MODELS: MODELS,
      ...(engine === 'embedded'
        ? {}
        : {
            FIRESTORE_EMULATOR_HOST: EMULATORS?.firestore ?? '',
            PUBSUB_EMULATOR_HOST: EMULATORS?.pubsub ?? '',
          }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  child.once('close', () => started.delete(child));
  const printed: string[] = [];
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      printed.push(line);
      const ready = /^Slipway ready at (\S+)$/.exec(line)?.[1];
      if (ready !== undefined) resolve(ready);
    });
    child.once('close', (code) => reject(new Error(`ended with ${code}: ${[...printed, ...errors].join('\n')}`)));
  });
  return {
    child,
    url,
    printed,
    call: async (method, path, body, prefer) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${API_KEY}`,
          ...(prefer === undefined ? {} : { prefer }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.json() };
    },
    kill: (signal) => end(child, signal),
  };
}
