import { z } from 'zod';
import { readConfig } from '../host/config.ts';
import { runStack } from '../local/run.ts';
import { DataFolderHeldError } from '../local/data-folder.ts';
import { EmulatorStartError } from './emulators.ts';
import { EmulatorsMissingError } from './installed.ts';
import { startEmulatorStack } from './stack.ts';

/** No client of Google's ever takes a project whose name begins so for a real one. */
const Config = z.object({
  SLIPWAY_PROJECT: z
    .string()
    .regex(/^demo-[a-z0-9-]+$/, 'must begin with "demo-"')
    .default('demo-slipway')
    .describe('the project on the emulators; each is a world of its own'),
});

/** `npm run start:emulators`: everything on this machine, with the adapters of production on Google's emulators. */
await runStack({
  dataFolder: '.slipway-emulators',
  start: (options) => {
    const { SLIPWAY_PROJECT: projectId } = readConfig('Slipway', Config, process.env);
    return startEmulatorStack({ ...options, projectId, env: process.env });
  },
  about: ({ emulators, projectId, identity }) => [
    `Project ${projectId}, Pub/Sub emulator at ${emulators.pubsub}`,
    'For programs that listen (docs/10-listen.md):',
    `  FIRESTORE_EMULATOR_HOST=${emulators.firestore}`,
    `  FIREBASE_AUTH_EMULATOR_HOST=${new URL(identity.url).host}`,
    'The emulators keep what is stored in memory: it is gone when they end.',
  ],
  atStop: 'what the emulators started here have stored goes with them',
  reasonFor: (error, dataFolder) => {
    if (error instanceof EmulatorsMissingError || error instanceof EmulatorStartError) return error.message;
    if (error instanceof DataFolderHeldError) return error.message;
    const { code, syscall, path } = error as NodeJS.ErrnoException;
    if (code === 'ECONNREFUSED') {
      return `${error.message}: nobody answers where FIRESTORE_EMULATOR_HOST\nor PUBSUB_EMULATOR_HOST says. Start it, or unset both.`;
    }
    if (syscall === undefined || path === undefined) return null;
    return `The data folder ${dataFolder} cannot be used: ${error.message}. Mend it, or choose another with SLIPWAY_DATA.`;
  },
});
