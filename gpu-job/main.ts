import { delimiter, join } from 'node:path';
import { systemClock } from '../host/clock.ts';
import type { ConfigError } from '../host/config.ts';
import { jsonLog } from '../host/log.ts';
import { printLine } from '../host/print-line.ts';
import { systemRandom } from '../host/random.ts';
import { accountCredential, fixedCredential } from './credential.ts';
import { createDoor } from './door-client.ts';
import type { WorkerEnvironment } from './environment.ts';
import { workerCatalogue } from './models/worker-catalogue.ts';
import { readEnvironment } from './read-environment.ts';
import { DEFAULT_WORKER_SETTINGS } from './settings.ts';
import { runWorker } from './worker.ts';

const log = jsonLog(printLine);
const env = await environment();

async function environment(): Promise<WorkerEnvironment> {
  try {
    return await readEnvironment(process.env);
  } catch (error) {
    const { name, message, variables } = error as ConfigError;
    if (name !== 'ConfigError') throw error;
    log.error(message, { variables: variables.join(' ') });
    process.exit(1);
  }
}

const preempted = new AbortController();
process.on('SIGTERM', () => preempted.abort());
process.on('SIGINT', () => preempted.abort());

const folders = env.SLIPWAY_MODELS.split(delimiter).filter((folder) => folder !== '');
try {
  const code = await runWorker({
    env,
    catalogue: await workerCatalogue({
      folders: folders.length > 0 ? folders : [join(import.meta.dirname, 'models')],
      regions: [env.SLIPWAY_QUEUE.split('@')[1] ?? ''],
      path: process.env['PATH'] ?? '',
    }),
    door: createDoor({
      url: env.SLIPWAY_DOOR,
      credential:
        env.SLIPWAY_DOOR_TOKEN === ''
          ? accountCredential(env.SLIPWAY_DOOR, systemClock, env.GCE_METADATA_HOST)
          : fixedCredential(env.SLIPWAY_DOOR_TOKEN),
      callTimeoutMs: DEFAULT_WORKER_SETTINGS.callTimeoutMs,
    }),
    http: {
      // What fetches input files is loaded with the first job that has one.
      send: async (request) => {
        const { createHttp } = await import('../host/http.ts');
        return createHttp({ allowLoopback: env.SLIPWAY_ALLOW_LOOPBACK === '1' }).send(request);
      },
    },
    clock: systemClock,
    random: systemRandom,
    log,
    settings: DEFAULT_WORKER_SETTINGS,
    environment: process.env,
    preempt: preempted.signal,
  });
  process.exit(code);
} catch (error) {
  log.error('the worker cannot start', { reason: (error as Error).message });
  process.exit(1);
}
