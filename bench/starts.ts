import { availableParallelism, loadavg } from 'node:os';
import { median } from './measure.ts';
import { timed, type Command, type Taken } from './timed-process.ts';

/** One line of a table: a program, started anew in each round. */
export interface Start {
  readonly label: string;
  /** Told anew for each start. */
  readonly begin: () => Promise<{
    readonly command: Command;
    /** What it is started for. Rejects when `gone` is aborted. */
    readonly moment: (gone: AbortSignal) => Promise<void>;
  }>;
}

/** Lines that belong together, under a heading. */
export interface Section {
  readonly heading: string;
  readonly starts: readonly Start[];
}

/**
 * Starts everything once a round, in turn, so that whatever else the machine does hits all alike, and prints what they took,
 * against the first of all.
 */
export async function measureStarts(title: string, sections: readonly Section[], rounds: number): Promise<void> {
  const loadBefore = loadavg()[0] ?? 0;
  const all = sections.flatMap(({ starts }) => starts);
  const taken = new Map<Start, Taken[]>(all.map((start) => [start, []]));
  for (let round = 1; round <= rounds; round += 1) {
    if (process.stderr.isTTY) process.stderr.write(`\rround ${round} of ${rounds}`);
    for (const start of all) {
      const { command, moment } = await start.begin();
      taken.get(start)?.push(await timed(command, moment));
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const [baseline = []] = taken.values();
  const load = `${loadBefore.toFixed(1)} before, ${(loadavg()[0] ?? 0).toFixed(1)} after`;
  console.log(
    `Node ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} cores, load ${load}.`,
  );
  console.log(`${rounds} rounds, each start once a round. ${title}\n`);
  console.log(row('', ['wall ms', 'x', 'min..max', 'CPU ms', 'x', 'min..max', 'MiB']));
  for (const { heading, starts } of sections) {
    console.log(`\n${heading}`);
    for (const start of starts) console.log(line(start.label, taken.get(start) ?? [], baseline));
  }
}

function line(label: string, taken: readonly Taken[], baseline: readonly Taken[]): string {
  const figures = (['wallMs', 'cpuMs'] as const).flatMap((what) => {
    const ratios = taken.map((one, round) => one[what] / (baseline[round]?.[what] ?? NaN));
    const range = `${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)}`;
    return [median(taken.map((one) => one[what])).toFixed(0), median(ratios).toFixed(2), range];
  });
  return row(`  ${label}`, [...figures, median(taken.map(({ rssMiB }) => rssMiB)).toFixed(0)]);
}

const WIDTHS = [8, 6, 12, 7, 6, 12, 5];

const row = (label: string, cells: readonly string[]): string =>
  `${label.padEnd(24)}${cells.map((cell, i) => cell.padStart(WIDTHS[i] ?? 0)).join('')}`.trimEnd();
