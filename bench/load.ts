import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from './flags.ts';
import { arrive } from './load/arrivals.ts';
import { chooser, loadUsage, readLoadFlags, type LoadFlags } from './load/flags.ts';
import { startHere, type Target } from './load/here.ts';
import { listen } from './load/listener.ts';
import { readOutcomes } from './load/outcome.ts';
import { reportOf, reportText } from './load/report.ts';
import { makeTenants } from './load/tenants.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());

try {
  const args = process.argv.slice(2);
  if (args.includes('--help')) console.log(loadUsage());
  else await load(readLoadFlags(args, process.env));
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

/**
 * Loads a Slipway, by default one of its own on this machine, and reports. Ends with 1 where a threshold is over, after
 * whatever it started is gone. Ctrl-C ends the arrivals, and what came until then is reported.
 */
async function load(flags: LoadFlags): Promise<void> {
  const stops: (() => unknown)[] = [];
  const say = (line: string): void => void (flags.json || process.stderr.write(`${line}\n`));
  try {
    const inputs = flags.inputs === undefined ? {} : (JSON.parse(await readFile(flags.inputs, 'utf8')) as object);
    const { models } = chooser(flags.mix);
    const target = await targetOf(flags, stops);
    // Told only where the listener can be reached: by a Slipway on this machine.
    const listener = flags.url === undefined ? await listen() : null;
    if (listener !== null) stops.push(() => listener.stop());
    say(`Making ${flags.tenants} tenants ...`);
    const tenants = await makeTenants(target, flags.tenants, Math.ceil(flags.seconds + flags.drain) + 3_600);
    say(`${flags.rate} submissions a second for ${flags.seconds} s, of ${models.join(', ')} (seed ${flags.seed}) ...`);
    const submissions = await arrive(flags, {
      url: target.url,
      tenants,
      inputs: inputs as Record<string, unknown>,
      webhook: listener?.url ?? null,
      signal: interrupted.signal,
    });
    say(`${submissions.length} were sent; waiting until the last has ended ...`);
    const untilMs = Date.now() + flags.drain * 1_000;
    const jobs = await readOutcomes(target.url, submissions, untilMs, new AbortController().signal);
    if (listener !== null) await untilTold(listener.told, jobs.size);
    const report = reportOf(submissions, jobs, listener?.told ?? null);
    console.log(
      flags.json ? JSON.stringify({ flags: { ...flags, key: undefined }, ...report }, null, 2) : reportText(report),
    );
    const [error] = target.errors;
    if (error !== undefined) say(`\nIt logged ${target.errors.length} errors, the first:\n${error}`);
    if (report.checks.some(({ isOver }) => isOver)) process.exitCode = 1;
  } finally {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
  }
}

async function targetOf({ url, key }: LoadFlags, stops: (() => unknown)[]): Promise<Target> {
  if (url !== undefined) return { url, key: key ?? '', errors: [], stop: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), 'slipway-load-'));
  stops.push(() => rm(folder, { recursive: true, force: true }));
  const target = await startHere(folder);
  stops.push(() => target.stop());
  return target;
}

/** The last webhooks are on their way when the last job has ended; those that take longer than this count as not told. */
async function untilTold(told: ReadonlyMap<string, unknown>, wanted: number): Promise<void> {
  for (let tries = 0; told.size < wanted && tries < 100; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 100));
}
