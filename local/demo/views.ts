import { MultiBar, type SingleBar } from 'cli-progress';
import type { JobResource } from '../../domain/contract/http.ts';
import { percentOf } from '../../domain/contract/job.ts';
import { isTerminal } from '../../domain/state.ts';
import type { Named } from './jobs.ts';
import { clipped } from './table.ts';

/** Shows how jobs go on. */
export interface View {
  /** Called with each look at a job, changed or not. */
  show(named: Named): void;
  /** Leaves the terminal as it was. Idempotent. */
  close(): void;
}

const NAME = 13;
const NOTE = 35;
/** Of its lines the bars need one each, and one for the cursor. */
const FEWEST_ROWS = 10;

export const canShowBars = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY && stream.rows >= FEWEST_ROWS && process.env['TERM'] !== 'dumb';

/** A bar a job, drawn in place. */
export function bars(stream: NodeJS.WriteStream): View {
  const all = new MultiBar({
    stream,
    format: `  {name} {bar} {percent}  {note}`,
    barsize: 22,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
  });
  const byName = new Map<string, SingleBar>();
  return {
    show: ({ name, job }) => {
      const percent = shownPercent(job);
      const payload = {
        name: name.padEnd(NAME),
        percent: `${percent} %`.padStart(5),
        note: clipped(noteOf(job), NOTE).padEnd(NOTE),
      };
      const bar = byName.get(name);
      if (bar === undefined) byName.set(name, all.create(100, percent, payload));
      else bar.update(percent, payload);
    },
    close: () => {
      all.stop();
    },
  };
}

/** A line for each change of state and each further quarter, without control characters: for files and pipes. */
export function plainLines(write: (line: string) => void, nowMs: () => number): View {
  const shown = new Map<string, string>();
  const beganMs = nowMs();
  return {
    show: ({ name, job }) => {
      const quarter = Math.floor(shownPercent(job) / 25);
      const key = `${job.state} ${isTerminal(job.state) ? 4 : quarter}`;
      if (shown.get(name) === key) return;
      shown.set(name, key);
      const seconds = ((nowMs() - beganMs) / 1_000).toFixed(1).padStart(6);
      write(
        `${seconds} s  ${name.padEnd(NAME)} ${`${shownPercent(job)} %`.padStart(5)}  ${clipped(noteOf(job), NOTE)}`,
      );
    },
    close: () => undefined,
  };
}

function shownPercent(job: JobResource): number {
  if (job.state === 'succeeded') return 100;
  return percentOf(job.progress?.fraction ?? 0);
}

/** What a job is at, in a few words. */
export function noteOf(job: JobResource): string {
  if (job.state === 'blocked') return `waits (${job.blocked?.reason ?? 'blocked'})`;
  if (job.state === 'running') return job.progress?.message ?? 'running';
  return job.state;
}
