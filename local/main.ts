import { delimiter, join, resolve } from 'node:path';
import { z } from 'zod';
import { CatalogueError } from '../gpu-job/models/catalogue.ts';
import { jsonLog, lineLog } from '../host/log.ts';
import { DataFolderHeldError } from './data-folder.ts';
import { startStack, type Stack } from './stack.ts';

const MAX_PORT = 65_535;
const PORT_FAULT = `must be a whole number from 0 to ${MAX_PORT}`;

/** Everything `npm start` reads from its environment. */
const Config = z.object({
  SLIPWAY_PORT: z
    .string()
    .regex(/^\d{1,5}$/, PORT_FAULT)
    .transform(Number)
    .refine((port) => port <= MAX_PORT, PORT_FAULT)
    .default(8_080)
    .describe('port of the HTTPS interface; 0 for any'),
  SLIPWAY_DATA: z.string().min(1, 'must name a folder').default('.slipway').describe('the data folder'),
  SLIPWAY_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{16,200}$/, 'must be 16 to 200 visible ASCII characters without a space')
    .optional(),
  // A worker runs in another folder, where a relative one would lead elsewhere.
  SLIPWAY_MODELS: z
    .string()
    .default('')
    .transform((folders) => folders.split(delimiter).flatMap((folder) => (folder === '' ? [] : [resolve(folder)])))
    .describe(`further model folders, separated by "${delimiter}"`),
});
type Config = z.infer<typeof Config>;

async function main(): Promise<void> {
  const parsed = Config.safeParse(process.env);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    return fail(`Slipway cannot start with this environment:\n${faults.join('\n')}`);
  }
  const config = parsed.data;
  let stack: Stack;
  try {
    stack = await start(config);
  } catch (error) {
    const reason = reasonFor(error, config);
    if (reason === null) throw error;
    return fail(reason);
  }
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

function start(config: Config): Promise<Stack> {
  const write = (line: string): boolean => process.stderr.write(`${line}\n`);
  return startStack({
    dataFolder: config.SLIPWAY_DATA,
    port: config.SLIPWAY_PORT,
    ...(config.SLIPWAY_API_KEY === undefined ? {} : { apiKey: config.SLIPWAY_API_KEY }),
    modelFolders: [join(import.meta.dirname, '../gpu-job/models'), ...config.SLIPWAY_MODELS],
    log: process.stderr.isTTY ? lineLog(write) : jsonLog(write),
  });
}

/** What to tell whoever started it, with the remedy; null where the fault is none of theirs, so that its stack is shown. */
function reasonFor(error: unknown, config: Config): string | null {
  if (!(error instanceof Error)) return null;
  const { message } = error;
  if (error instanceof DataFolderHeldError || error instanceof CatalogueError) return message;
  const database = join(config.SLIPWAY_DATA, 'slipway.db');
  const elsewhere = 'choose another folder with SLIPWAY_DATA';
  // A newer Slipway's file: the message begins with the file and says what to do.
  if (message.startsWith(`${database} `)) return message;
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (code === 'ERR_SQLITE_ERROR') {
    return `${database} cannot be used as Slipway's database: ${message}. Move it away, or ${elsewhere}.`;
  }
  if (syscall === 'listen') return `${message}. Choose another port with SLIPWAY_PORT.`;
  if (syscall === undefined || path === undefined) return null;
  return `The data folder ${config.SLIPWAY_DATA} cannot be used: ${message}. Mend it, or ${elsewhere}.`;
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

await main();
