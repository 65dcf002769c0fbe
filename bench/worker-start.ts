import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ROOT } from '../scripts/build/bundle.ts';
import { WORKER } from '../scripts/build/deployables.ts';
import { formsOf } from './built-starts.ts';
import { startFlags } from './start-flags.ts';
import { measureStarts, type Start } from './starts.ts';

/**
 * From the start of a worker's process to its first claim at the door, for a model that is a command, against the least program
 * that sends the same two requests. The door answers at once.
 */
const { rounds, each } = startFlags(15);
const MODELS = join(ROOT, 'test/build/models');
const PROGRAMS = join(import.meta.dirname, 'programs');
const READY = {
  models: ['write-file'],
  renewEveryMs: 15_000,
  abandonAfterMs: 40_000,
  idleTimeoutMs: 30_000,
  maxLifetimeMs: 3_600_000,
};

let onClaim = (): void => undefined;
const door = createServer((request, response) => {
  request.resume().once('end', () => {
    if (request.url === '/claim') return onClaim();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(READY));
  });
});
await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));

const env = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/tmp',
  SLIPWAY_DOOR: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
  SLIPWAY_DOOR_TOKEN: 'any',
  SLIPWAY_MODELS: MODELS,
  SLIPWAY_QUEUE: 'files@here',
  SLIPWAY_SLOT: 'files@here~0',
  SLIPWAY_FENCE: '1',
  SLIPWAY_TICKET: 'ticket',
  CLOUD_RUN_JOB: 'slipway-files',
  CLOUD_RUN_EXECUTION: 'slipway-files-abc',
  CLOUD_RUN_TASK_INDEX: '0',
  CLOUD_RUN_TASK_ATTEMPT: '0',
  CLOUD_RUN_TASK_COUNT: '1',
};

const started = (label: string, program: string): Start => ({
  label,
  begin: async () => ({
    command: { args: [program], env },
    moment: (gone) =>
      new Promise((resolve, reject) => {
        onClaim = resolve;
        gone.addEventListener('abort', () => reject(gone.reason as Error));
      }),
  }),
});
const form = (label: string, folder: string): Start => started(label, join(folder, 'main.mjs'));

const forms = await formsOf(WORKER, MODELS, each);
try {
  await measureStarts(
    'x is against the first line.',
    [
      {
        heading: 'Two requests of a bare HTTP client',
        starts: [
          started('node:http, required', join(PROGRAMS, 'client.cjs')),
          started('node:http, imported', join(PROGRAMS, 'client.mjs')),
        ],
      },
      {
        heading: 'First claim of a worker',
        starts: [
          form('worker, sources', forms.source),
          form('worker, plain bundle', forms.plain),
          form('worker, built', forms.built),
          form('worker, built and warmed', forms.warm),
          ...[...forms.without].map(([measure, folder]) => form(`  without ${measure}`, folder)),
        ],
      },
    ],
    rounds,
  );
} finally {
  forms.remove();
  door.closeAllConnections();
  door.close();
}
