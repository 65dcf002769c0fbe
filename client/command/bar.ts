import type { JobResource } from '../../domain/contract/http.ts';
import { percentOf } from '../../domain/contract/job.ts';
import { hasEnded } from '../watch.ts';
import { stderrWidthOf, type Io } from './io.ts';
import { clipped } from './text.ts';

/** Shows how a job gets on; on stderr, so that stdout has the result alone. */
export interface Progress {
  show(job: JobResource): void;
  close(): void;
}

const CELLS = 20;
const sayingOf = ({ state, blocked, progress }: JobResource): string =>
  [blocked === null ? state : `${state} (${blocked.reason})`, hasEnded(state) ? null : progress?.message]
    .filter(Boolean)
    .join('  ');

/** One line that is written over and over, on a terminal. */
export function bar(io: Io): Progress {
  let isOpen = false;
  return {
    show: (job) => {
      const fraction = job.state === 'succeeded' ? 1 : Math.min(1, Math.max(0, job.progress?.fraction ?? 0));
      const full = Math.round(fraction * CELLS);
      const head = `[${'#'.repeat(full)}${'-'.repeat(CELLS - full)}] ${String(percentOf(fraction)).padStart(3)} %  `;
      io.stderr(`\r${head}${clipped(sayingOf(job), stderrWidthOf(io) - head.length - 1)}\u001b[K`);
      isOpen = true;
    },
    close: () => {
      if (isOpen) io.stderr('\n');
      isOpen = false;
    },
  };
}

/** A line for each change of state, elsewhere. */
export function lines(io: Io): Progress {
  let last = '';
  return {
    show: ({ state, blocked, id }) => {
      const line = `${id}  ${state}${blocked === null ? '' : ` (${blocked.reason})`}`;
      if (line !== last) io.stderr(`${line}\n`);
      last = line;
    },
    close: () => undefined,
  };
}

export const silence: Progress = { show: () => undefined, close: () => undefined };
