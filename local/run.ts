import { delimiter, join, resolve } from 'node:path';
import { z } from 'zod';
import { CatalogueError } from '../gpu-job/models/catalogue.ts';
import { ConfigError, misspelt, readConfig } from '../host/config.ts';
import { jsonLog, lineLog } from '../host/log.ts';
import type { Stack, StackOptions } from './stack.ts';

const MAX_PORT = 65_535;
const PORT_FAULT = `must be a whole number from 0 to ${MAX_PORT}`;

/** What every stack that a person starts reads from its environment. */
const configOf = (dataFolder: string) =>
  z.object({
    SLIPWAY_PORT: z
      .string()
      .regex(/^\d{1,5}$/, PORT_FAULT)
      .transform(Number)
      .refine((port) => port <= MAX_PORT, PORT_FAULT)
      .default(8_080)
      .describe('port of the HTTPS interface; 0 for any'),
    SLIPWAY_DATA: z.string().min(1, 'must name a folder').default(dataFolder).describe('the data folder'),
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

/** A kind of stack, as `npm start` and its like run it. */
export interface Runnable<S extends Stack> {
  /** Where its data lies unless SLIPWAY_DATA says otherwise. */
  readonly dataFolder: string;
  start(options: StackOptions): Promise<S>;
  /** What to tell whoever started it, with the remedy; null where the fault is none of theirs, so that its stack is shown. */
  reasonFor(error: Error, dataFolder: string): string | null;
  /** Lines about what else is there, below the address and the key. */
  about(stack: S): readonly string[];
  /** What becomes of what it holds when it is told to stop. */
  readonly atStop: string;
}

/** Starts a stack by its environment, says where it is, and stops it at SIGINT or SIGTERM. */
export async function runStack<S extends Stack>(runnable: Runnable<S>): Promise<void> {
  const write = (line: string): boolean => process.stderr.write(`${line}\n`);
  let dataFolder = runnable.dataFolder;
  try {
    const schema = configOf(dataFolder);
    const config = readConfig('Slipway', schema, process.env);
    for (const line of misspelt(schema, process.env)) console.error(line);
    dataFolder = config.SLIPWAY_DATA;
    const stack = await runnable.start({
      dataFolder,
      port: config.SLIPWAY_PORT,
      ...(config.SLIPWAY_API_KEY === undefined ? {} : { apiKey: config.SLIPWAY_API_KEY }),
      modelFolders: [join(import.meta.dirname, '../gpu-job/models'), ...config.SLIPWAY_MODELS],
      log: process.stderr.isTTY ? lineLog(write) : jsonLog(write),
    });
    announce(stack, config.SLIPWAY_API_KEY !== undefined, runnable.about(stack));
    stopAtSignal(stack, runnable.atStop);
  } catch (error) {
    const reason = error instanceof Error ? (commonReason(error) ?? runnable.reasonFor(error, dataFolder)) : null;
    if (reason === null) throw error;
    console.error(reason);
    process.exitCode = 1;
  }
}

function commonReason(error: Error): string | null {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof CatalogueError) return `${error.message}\nMend it, or name other folders in SLIPWAY_MODELS.`;
  const { syscall } = error as NodeJS.ErrnoException;
  return syscall === 'listen' ? `${error.message}.\nChoose another port with SLIPWAY_PORT.` : null;
}

function announce(stack: Stack, keyWasGiven: boolean, about: readonly string[]): void {
  console.log(`Slipway ready at ${stack.url}`);
  console.log(keyWasGiven ? 'API key: the one in SLIPWAY_API_KEY' : `API key: ${stack.apiKey}`);
  for (const line of about) console.log(line);
  for (const { model, missing } of stack.catalogue.models.values()) {
    const state =
      missing.length === 0 ? 'available' : `unavailable: install ${missing.map((m) => m.program).join(', ')}`;
    console.log(`  ${model.name.padEnd(20)} ${state}`);
  }
}

function stopAtSignal(stack: Stack, atStop: string): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      console.log(`Stopping: workers get 10 s to end; ${atStop}.`);
      // A second signal ends it at once; the workers' guards then end them.
      process.once(signal, () => process.exit(1));
      void stack.stop().then(() => process.exit(0));
    });
  }
}
