import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { WorkerEnv } from '../domain/contract/door.ts';
import { systemClock } from '../host/clock.ts';
import { createHttp } from '../host/http.ts';
import { jsonLog } from '../host/log.ts';
import { systemRandom } from '../host/random.ts';
import { createDoor } from './door-client.ts';
import { loadCatalogue } from './models/catalogue.ts';
import { DEFAULT_WORKER_SETTINGS } from './settings.ts';
import { runWorker } from './worker.ts';

/** What a worker reads from its environment, beside what a launch tells it. */
const Environment = WorkerEnv.extend({
  SLIPWAY_MODELS: z
    .string()
    .default('')
    .describe(`model folders, '${delimiter}' between them; empty for the one beside this file`),
  SLIPWAY_ALLOW_LOOPBACK: z
    .enum(['', '0', '1'])
    .default('')
    .describe('1 on one machine only: input URLs may point at it'),
});

const log = jsonLog((line) => console.log(line));
const parsed = Environment.safeParse(process.env);
if (!parsed.success) {
  log.error('the environment is not one that a launch gives', {
    reason: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
  });
  process.exit(1);
}
const env = parsed.data;

const preempted = new AbortController();
process.on('SIGTERM', () => preempted.abort());
process.on('SIGINT', () => preempted.abort());

const folders = env.SLIPWAY_MODELS.split(delimiter).filter((folder) => folder !== '');
try {
  const code = await runWorker({
    env,
    catalogue: await loadCatalogue({
      folders: folders.length > 0 ? folders : [join(import.meta.dirname, 'models')],
      regions: [env.SLIPWAY_QUEUE.split('@')[1] ?? ''],
      path: process.env['PATH'] ?? '',
    }),
    door: createDoor({
      url: env.SLIPWAY_DOOR,
      token: env.SLIPWAY_DOOR_TOKEN,
      callTimeoutMs: DEFAULT_WORKER_SETTINGS.callTimeoutMs,
    }),
    http: createHttp({ allowLoopback: env.SLIPWAY_ALLOW_LOOPBACK === '1' }),
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
