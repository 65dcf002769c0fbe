import { mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bareSqlite, sqliteStore } from './commits.ts';
import { readFlags, usage, UsageError, type Flags } from './flags.ts';
import { seeded } from './measure.ts';
import { startNoopStack, type NoopModel } from './noop-stack.ts';
import { measureRound, type Round } from './round.ts';
import { summarise, tableOf } from './table.ts';

const ONE: NoopModel = { name: 'noop-one', workers: 1 };
const THREE: NoopModel = { name: 'noop-three', workers: 3 };
/** Linux's number for a file system that is memory. */
const TMPFS = 0x01021994;

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());

try {
  const args = process.argv.slice(2);
  if (args.includes('--help')) console.log(usage());
  else await bench(readFlags(args));
} catch (error) {
  const isExpected = error instanceof UsageError || interrupted.signal.aborted;
  console.error(isExpected ? (error as Error).message : error);
  process.exitCode = interrupted.signal.aborted ? 130 : 1;
}

/** Measures, prints, saves if asked. Whatever happens, no process and no file of it is left. */
async function bench(flags: Flags): Promise<void> {
  const startedAt = new Date();
  const loadBefore = loadavg()[0] ?? 0;
  const stops: (() => unknown)[] = [];
  try {
    const folder = await mkdtemp(join(flags.folder ?? tmpdir(), 'slipway-bench-'));
    stops.push(() => rm(folder, { recursive: true, force: true }));
    if ((await statfs(folder)).type === TMPFS) {
      console.log('The data folder is in memory, so a commit waits for no disk: give --folder.\n');
    }
    const bare = bareSqlite(folder);
    stops.push(() => bare.close());
    const store = sqliteStore(folder);
    stops.push(() => store.close());
    const stack = await startNoopStack(folder, [ONE, THREE]);
    stops.push(() => stack.stop());

    const random = seeded(flags.seed);
    const rounds: Round[] = [];
    for (let round = 1; round <= flags.rounds; round += 1) {
      if (process.stderr.isTTY) process.stderr.write(`\rround ${round} of ${flags.rounds}`);
      const measured = measureRound({ bare, store, stack, one: ONE, three: THREE }, flags, random);
      rounds.push(await orInterrupted(measured));
    }
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');

    const machine = {
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cores: availableParallelism(),
      loadBefore,
      loadAfter: loadavg()[0] ?? 0,
    };
    const lines = summarise(rounds);
    const load = `${machine.loadBefore.toFixed(1)} before, ${machine.loadAfter.toFixed(1)} after`;
    console.log(`Node ${machine.node}, ${machine.platform}, ${machine.cores} cores, load ${load}.`);
    console.log(
      `${rounds.length} rounds, ${flags.jobs} jobs a throughput run, ${flags.inflight} in flight, seed ${flags.seed}.`,
    );
    console.log('Times on a shared machine wander: read the ratios, all from the same round.\n');
    console.log(tableOf(lines));
    if (stack.errors.length > 0)
      console.log(`\nThe stack logged ${stack.errors.length} errors, first:\n${stack.errors[0]}`);
    if (flags.save !== undefined) {
      // Without `folder`: a path of this machine is nobody's business.
      const { commits, hops, jobs, inflight, seed } = flags;
      const load = { commits, hops, jobs, inflight, seed };
      await saveResult(flags.save, { at: startedAt.toISOString(), machine, load, lines, rounds });
    }
  } finally {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
  }
}

function orInterrupted<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const { signal } = interrupted;
    const stop = (): void => reject(new Error('interrupted'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

async function saveResult(name: string, result: object): Promise<void> {
  const folder = join(import.meta.dirname, 'results');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  console.log(`\nSaved as bench/results/${name}.json`);
}
