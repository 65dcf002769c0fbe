import { openSync, statSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { SlipwayError } from '../../client/index.ts';
import type { Log } from '../../domain/ports.ts';
import { jsonLog } from '../../host/log.ts';
import { readDeck } from './deck.ts';
import { DemoFailure, DemoTimeout, Interrupted } from './failure.ts';
import { startStack } from '../stack.ts';
import { runDemo, type Demo } from './run.ts';
import { bars, canShowBars, plainLines } from './views.ts';

/** Everything `npm run demo` reads from its environment. */
const Config = z.object({
  SLIPWAY_DEMO_DECK: z.string().min(1).optional().describe('a PDF of yours instead of the deck that comes with it'),
  SLIPWAY_DEMO_KEEP: z.literal('1').optional().describe('keeps the folder with the data and the log'),
});

const LONGEST_MS = 120_000;
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
/** What a program ends with whose reader is gone. */
const SIGPIPE = 13;
const HELP = `npm run demo                    a deck and some ligands through every hop, on this machine
npm run demo -- --emulators     the same on Google's Firestore and Pub/Sub emulators

SLIPWAY_DEMO_DECK=deck.pdf      a PDF of yours instead of the deck that comes with it
SLIPWAY_DEMO_KEEP=1             keeps the folder with the data and the log`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const numberOf = (signal: NodeJS.Signals): number =>
  ({ ...SIGNALS, SIGPIPE })[signal as keyof typeof SIGNALS | 'SIGPIPE'];
const seconds = (sinceMs: number): string => `${((performance.now() - sinceMs) / 1_000).toFixed(1)} s`;

/** What the demo runs on, by the command line. @throws DemoFailure for what is not understood */
async function placeOf(args: readonly string[]): Promise<Pick<Demo, 'start' | 'place'>> {
  const strange = args.find((arg) => arg !== '--emulators');
  if (strange !== undefined) {
    throw new DemoFailure(`"${strange}" is not understood: npm run demo, or npm run demo -- --emulators.`);
  }
  if (args.length === 0) return { start: startStack, place: '' };
  const [{ startEmulatorStack }, { EmulatorsMissingError }] = await Promise.all([
    import('../../emulators/stack.ts'),
    import('../../emulators/installed.ts'),
  ]);
  return {
    place: "on Google's emulators ",
    start: (options) =>
      startEmulatorStack({ ...options, projectId: `demo-${process.pid}`, env: process.env }).catch((error: unknown) => {
        throw error instanceof EmulatorsMissingError ? new DemoFailure(error.message) : error;
      }),
  };
}

async function main(): Promise<number> {
  if (process.argv.slice(2).some((arg) => arg === '--help' || arg === '-h')) {
    say(HELP);
    return 0;
  }
  const beganMs = performance.now();
  const config = Config.parse(process.env);
  const place = await placeOf(process.argv.slice(2));
  const deck = await readDeck(config.SLIPWAY_DEMO_DECK);
  const folder = await mkdtemp(join(tmpdir(), 'slipway-demo-'));
  const logFile = join(folder, 'demo.log');
  // Closed by this process's end: a late line must not find it closed.
  const logTo = openSync(logFile, 'a', 0o600);
  const log = jsonLog((line) => writeSync(logTo, `${line}\n`));
  const end = endSignal();
  let isKept = config.SLIPWAY_DEMO_KEEP === '1';
  try {
    const view = canShowBars(process.stdout) ? bars(process.stdout) : plainLines(say, () => performance.now());
    await runDemo({ ...place, deck, dataFolder: join(folder, 'data'), view, say, log, signal: end.signal });
    say(`\nAll checked, in ${seconds(beganMs)}; nothing is left running.`);
    say('Next: npm start (a Slipway that stays), or your own deck:');
    say('  SLIPWAY_DEMO_DECK=deck.pdf npm run demo');
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) {
      say(`Interrupted after ${seconds(beganMs)}; everything is stopped.`);
      return 128 + numberOf(error.signal);
    }
    console.error(`\nThe demo failed: ${sentenceOf(error, log)}`);
    isKept ||= statSync(logFile).size > 0;
    if (isKept) console.error(`Its log is kept: ${logFile}`);
    return 1;
  } finally {
    end.callOff();
    if (!isKept) await rm(folder, { recursive: true, force: true });
    else if (config.SLIPWAY_DEMO_KEEP === '1') say(`Kept: ${folder}`);
  }
}

/** Aborts with a DemoTimeout when the demo has taken too long, with Interrupted at Ctrl-C; a second Ctrl-C ends at once. */
function endSignal(): { readonly signal: AbortSignal; readonly callOff: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DemoTimeout(`It was not done after ${LONGEST_MS / 1_000} s.`));
  }, LONGEST_MS);
  const onSignal = (signal: NodeJS.Signals): void => {
    // The workers' guards end them when this process is gone.
    if (controller.signal.aborted) process.exit(128 + numberOf(signal));
    controller.abort(new Interrupted(signal));
  };
  for (const signal of Object.keys(SIGNALS)) process.on(signal, onSignal);
  // Nobody reads any more, as behind `head`; what is still said comes here too, to the end of this process.
  process.stdout.on('error', () => controller.abort(new Interrupted('SIGPIPE')));
  return {
    signal: controller.signal,
    callOff: () => {
      clearTimeout(timer);
      for (const signal of Object.keys(SIGNALS)) process.off(signal, onSignal);
    },
  };
}

/** Why it failed; what nobody foresaw goes into the log with its trace. */
function sentenceOf(error: unknown, log: Log): string {
  if (error instanceof DemoFailure || error instanceof SlipwayError) return error.message;
  log.error('the demo broke', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  return error instanceof Error ? error.message : String(error);
}

try {
  process.exitCode = await main();
} catch (error) {
  // Before there was a log.
  if (error instanceof z.ZodError) {
    for (const issue of error.issues) console.error(`The demo cannot start: ${issue.path.join('.')}: ${issue.message}`);
  } else if (error instanceof DemoFailure) console.error(`The demo failed: ${error.message}`);
  else throw error;
  process.exitCode = 1;
}
