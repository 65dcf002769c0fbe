import { median } from './measure.ts';
import type { Round } from './round.ts';

interface Row {
  readonly label: string;
  readonly unit: string;
  readonly of: (round: Round) => number;
  /** What stands in the last column: this row against bare commits of the same round. */
  readonly against?: (round: Round) => number;
}

const ms = (label: string, of: Row['of']): Row => ({ label, unit: 'ms', of, against: (round) => round.bare.p50 });
const rate = (label: string, unit: string, of: Row['of']): Row => ({
  label,
  unit,
  of,
  against: (round) => round.bare.perSecond,
});
const plain = (label: string, unit: string, of: Row['of']): Row => ({ label, unit, of });

const throughput = (of: (round: Round) => Round['one']): Row[] => [
  rate('jobs settled', 'jobs/s', (round) => of(round).jobsPerSecond),
  plain('commits', '/job', (round) => of(round).commitsPerJob),
  plain('commits lost to races', '/job', (round) => of(round).conflictsPerJob),
  plain('disk waits (transactions)', '/job', (round) => of(round).transactionsPerJob),
  plain('CPU of stack and client', 'ms/job', (round) => of(round).cpuMsPerJob),
  plain('event loop busy', '%', (round) => of(round).loopBusy * 100),
];

/** Every line of the report, in order; the keys are the headings. */
const SECTIONS: Readonly<Record<string, readonly Row[]>> = {
  'Commits, one at a time': [
    rate('bare SQLite', '/s', (round) => round.bare.perSecond),
    ms('bare SQLite, p50', (round) => round.bare.p50),
    ms('bare SQLite, p95', (round) => round.bare.p95),
    rate('store', '/s', (round) => round.store.perSecond),
    ms('store, p50', (round) => round.store.p50),
    ms('store, p95', (round) => round.store.p95),
  ],
  'Commits, many in flight': [rate('store', '/s', (round) => round.groupedPerSecond)],
  'One job at a time, one warm worker': [
    ms('submit to start, p50', (round) => round.hops.submitToStart.p50),
    ms('submit to start, p95', (round) => round.hops.submitToStart.p95),
    // These four follow one another and end at `settled`; `start` is the end of the second.
    ms('sent to stored, p50', (round) => round.hops.stored.p50),
    ms('stored to claimed, p50', (round) => round.hops.claimed.p50),
    ms('claimed to finished, p50', (round) => round.hops.ran.p50),
    ms('finished to settled, p50', (round) => round.hops.settled.p50),
    ms('submit to settled, p50', (round) => round.hops.submitToSettled.p50),
    ms('submit to settled, p95', (round) => round.hops.submitToSettled.p95),
    ms('submit to its answer, p50', (round) => round.hops.answered.p50),
    ms('submit to its answer, p95', (round) => round.hops.answered.p95),
  ],
  'Throughput, 1 warm worker': throughput((round) => round.one),
  'Throughput, 3 warm workers': throughput((round) => round.three),
};

export interface Line {
  readonly section: string;
  readonly label: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Median of the ratios of each round to bare commits of that round: to their p50, or to their number a second. */
  readonly timesBare: number | null;
}

/** The medians over the rounds. */
export function summarise(rounds: readonly Round[]): Line[] {
  return Object.entries(SECTIONS).flatMap(([section, rows]) =>
    rows.map(({ label, unit, of, against }) => {
      const values = rounds.map(of);
      return {
        section,
        label,
        unit,
        median: median(values),
        min: Math.min(...values),
        max: Math.max(...values),
        timesBare: against === undefined ? null : median(rounds.map((round) => of(round) / against(round))),
      };
    }),
  );
}

/** The lines as a table of at most 80 columns. */
export function tableOf(lines: readonly Line[]): string {
  const text = [row('', '', 'median', 'min..max', 'x bare')];
  let section = '';
  for (const line of lines) {
    if (line.section !== section) text.push('', (section = line.section));
    const range = `${figure(line.min)}..${figure(line.max)}`;
    const ratio = line.timesBare === null ? '' : figure(line.timesBare);
    text.push(row(`  ${line.label}`, line.unit, figure(line.median), range, ratio));
  }
  return text.join('\n');
}

const row = (label: string, unit: string, middle: string, range: string, ratio: string): string =>
  `${label.padEnd(33)}${unit.padEnd(8)}${middle.padStart(10)}${range.padStart(19)}${ratio.padStart(9)}`.trimEnd();

/** Three significant digits, two of a small number, and never an exponent. */
const figure = (value: number): string => {
  if (!Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  if (size > 0 && size < 0.1) return value.toFixed(size < 0.01 ? 4 : 3);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
};
