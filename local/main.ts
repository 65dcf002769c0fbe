import { join } from 'node:path';
import { z } from 'zod';
import { jsonLog } from '../host/log.ts';
import { DataFolderHeldError } from './data-folder.ts';
import { startStack, type Stack } from './stack.ts';

/** Everything `npm start` reads from its environment. */
const Config = z.object({
  SLIPWAY_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(8_080)
    .describe('port of the HTTPS interface; 0 for any'),
  SLIPWAY_DATA: z.string().min(1).default('.slipway').describe('the data folder'),
  SLIPWAY_API_KEY: z.string().min(16, 'at least 16 characters').optional(),
  SLIPWAY_MODELS: z.string().optional().describe('further model folders, separated by ":"'),
});

async function main(): Promise<void> {
  const parsed = Config.safeParse(process.env);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    return fail(`Slipway cannot start with this environment:\n${faults.join('\n')}`);
  }
  const config = parsed.data;
  const stack = await startStack({
    dataFolder: config.SLIPWAY_DATA,
    port: config.SLIPWAY_PORT,
    ...(config.SLIPWAY_API_KEY === undefined ? {} : { apiKey: config.SLIPWAY_API_KEY }),
    modelFolders: [
      join(import.meta.dirname, '../gpu-job/models'),
      ...(config.SLIPWAY_MODELS ?? '').split(':').filter((folder) => folder !== ''),
    ],
    log: jsonLog((line) => process.stderr.write(`${line}\n`)),
  });
  announce(stack, config.SLIPWAY_API_KEY !== undefined);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      console.log('Stopping: workers get 10 s to end; queued jobs stay queued.');
      // A second signal ends it at once; the workers' guards then end them.
      process.once(signal, () => process.exit(1));
      void stack.stop().then(() => process.exit(0));
    });
  }
}

function announce(stack: Stack, keyWasGiven: boolean): void {
  console.log(`Slipway ready at ${stack.url}`);
  console.log(keyWasGiven ? 'API key: the one in SLIPWAY_API_KEY' : `API key: ${stack.apiKey}`);
  for (const { model, missing } of stack.catalogue.models.values()) {
    const state =
      missing.length === 0 ? 'available' : `unavailable: install ${missing.map((m) => m.program).join(', ')}`;
    console.log(`  ${model.name.padEnd(20)} ${state}`);
  }
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  if (error instanceof DataFolderHeldError) fail(error.message);
  else if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    fail(`${(error as Error).message}. Choose another port with SLIPWAY_PORT.`);
  } else throw error;
}
