import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import type { ClaimedJob } from '../../domain/contract/door.ts';
import { Model } from '../../domain/contract/model.ts';
import type { Http, Log } from '../../domain/ports.ts';
import { fixedCredential } from '../../gpu-job/credential.ts';
import { createDoor } from '../../gpu-job/door-client.ts';
import type { WorkerCatalogue } from '../../gpu-job/model-set.ts';
import { DEFAULT_WORKER_SETTINGS, type WorkerSettings } from '../../gpu-job/settings.ts';
import { runWorker } from '../../gpu-job/worker.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import type { ScriptedDoor } from './scripted-door.ts';

export interface ModelFiles {
  readonly runner: {
    readonly kind: 'command' | 'server';
    readonly program: string;
    readonly args?: readonly string[];
    readonly rules?: readonly object[];
  };
  readonly input?: object;
  readonly output?: object;
  readonly limits?: object;
  readonly files?: Readonly<Record<string, string>>;
  readonly missing?: readonly { program: string; install: string }[];
}

/** A shell script as a command model; `$SLIPWAY_OUTPUT` and its fellows are there for it. */
export const shell = (
  script: string,
  { rules = [], ...more }: Omit<ModelFiles, 'runner'> & { rules?: readonly object[] } = {},
): ModelFiles => ({
  ...more,
  runner: { kind: 'command', program: 'sh', args: ['-c', script], rules },
});

/** A Node program as a server model. */
export const server = (
  source: string,
  { rules = [], ...more }: Omit<ModelFiles, 'runner' | 'files'> & { rules?: readonly object[] } = {},
): ModelFiles => ({
  ...more,
  runner: { kind: 'server', program: 'node', args: ['server.mjs'], rules },
  files: { 'server.mjs': source },
});

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A folder that goes when the test file is done. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'slipway-test-'));
  made.push(folder);
  return folder;
}

/** Writes the models' folders and makes the catalogue that says so. */
export function catalogueOf(models: Readonly<Record<string, ModelFiles>>): WorkerCatalogue {
  const root = tempFolder();
  const entries: [string, { model: Model; missing: readonly { program: string; install: string }[] }][] = [];
  const folders = new Map<string, string>();
  for (const [name, { files = {}, missing = [], ...rest }] of Object.entries(models)) {
    const folder = join(root, name);
    mkdirSync(folder);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    const model = Model.parse({ input: {}, output: {}, ...rest, name, title: name, description: name, pool: 'test' });
    entries.push([name, { model, missing }]);
    folders.set(name, folder);
  }
  return { models: new Map(entries), queues: new Map(), folders };
}

export const ENV = {
  SLIPWAY_QUEUE: 'test@local',
  SLIPWAY_SLOT: 'test@local~0',
  SLIPWAY_FENCE: 7,
  SLIPWAY_TICKET: 'ticket-1',
  SLIPWAY_DOOR_TOKEN: 'door-token',
  CLOUD_RUN_JOB: 'test',
  CLOUD_RUN_EXECUTION: 'test-abc',
  CLOUD_RUN_TASK_INDEX: 0,
  CLOUD_RUN_TASK_ATTEMPT: 0,
  CLOUD_RUN_TASK_COUNT: 1,
};

const NO_HTTP: Http = {
  check: () => undefined,
  send: () => Promise.reject(new Error('this test fetches nothing')),
};

/** The bounds of production, shortened where a test would wait for them. */
const QUICK: Partial<WorkerSettings> = {
  readyPatienceMs: 3_000,
  callTimeoutMs: 2_000,
  retryFirstMs: 20,
  retryMaxMs: 50,
  emptyClaimPauseMs: 20,
  reportEveryMs: 50,
  quietReportEveryMs: 100,
  killAfterMs: 1_000,
  preemptKillAfterMs: 500,
  serverStopMs: 500,
  healthEveryMs: 20,
};

export interface RunningWorker {
  readonly code: Promise<number>;
  readonly log: string[];
  /** What SIGTERM does. */
  preempt(): void;
}

/** Runs a worker of this process against the door, with real child processes and real time. */
export function startWorker(
  door: ScriptedDoor,
  catalogue: WorkerCatalogue,
  settings: Partial<WorkerSettings> = {},
): RunningWorker {
  door.bounds = { ...door.bounds, models: [...catalogue.models.keys()] };
  const used = { ...DEFAULT_WORKER_SETTINGS, ...QUICK, ...settings };
  const preempted = new AbortController();
  const lines: string[] = [];
  const note: Log['info'] = (message, fields = {}) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const client = createDoor({
    url: door.url,
    credential: fixedCredential('door-token'),
    callTimeoutMs: used.callTimeoutMs,
  });
  const code = runWorker({
    env: { ...ENV, SLIPWAY_DOOR: door.url },
    catalogue,
    door: client,
    http: NO_HTTP,
    clock: systemClock,
    random: systemRandom,
    log: { info: note, error: note },
    settings: used,
    environment: {
      ...process.env,
      SLIPWAY_DOOR: door.url,
      SLIPWAY_DOOR_TOKEN: 'door-token',
      SLIPWAY_TICKET: 'ticket-1',
    },
    preempt: preempted.signal,
  }).finally(() => client.close());
  return { code, log: lines, preempt: () => preempted.abort() };
}

export const job = (id: string, model: string, input: unknown = {}, more: Partial<ClaimedJob> = {}): ClaimedJob => ({
  id,
  attempt: 1,
  model,
  input,
  runTimeoutMs: 20_000,
  ...more,
});

/** Whether a process runs; one that has ended and waits for its parent's notice does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

/** Resolves once the process has ended; rejects if it has not within `ms`. */
export async function ended(pid: number, ms = 3_000): Promise<void> {
  const untilMs = Date.now() + ms;
  while (isAlive(pid)) {
    if (Date.now() > untilMs) throw new Error(`process ${pid} still runs`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
