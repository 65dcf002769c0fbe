import type { ClaimedJob, LogLine } from '../domain/contract/door.ts';
import type { JobError } from '../domain/contract/job.ts';
import type { Clock } from '../domain/ports.ts';
import type { Door } from './door-client.ts';
import { DoorRejectedError, isPassing } from './door-errors.ts';
import { jobError } from './job-fault.ts';
import { PendingLines } from './pending-lines.ts';
import { retryWhile, type Patience } from './wait.ts';

const MAX_LINES = 2_000;
const MAX_BYTES = 64 * 1024;

/** What model servers say while they start: the last 64 KiB of it wait for the first job that runs then, and are told with it. */
export const setupLog = (clock: Clock): PendingLines =>
  new PendingLines({ maxLines: MAX_LINES, maxBytes: MAX_BYTES, why: 'the last 64 KiB are kept' }, clock);

/**
 * Tells the door what waits in a setup log, as that of a job that will not run.
 * @returns whether there was any
 * @throws SessionRefusedError, or DoorFailure when patience is over
 */
export async function tellSetup(
  door: Pick<Door, 'report'>,
  { id, attempt }: Pick<ClaimedJob, 'id' | 'attempt'>,
  setup: PendingLines,
  patience: Patience,
): Promise<boolean> {
  const isThere = !setup.isEmpty;
  const nothing = { job: id, attempt, progress: null, metrics: {}, logSeq: 0, logs: [] };
  let lines: LogLine[] = [];
  try {
    for (let seq = 0; !setup.isEmpty; seq += 1) {
      const next = (lines = setup.cut());
      await retryWhile(isPassing, () => door.report({ ...nothing, setup: { seq, lines: next } }), patience);
    }
  } catch (error) {
    // The job has gone elsewhere, or the door knows better: its end is told all the same.
    if (!(error instanceof DoorRejectedError)) throw error;
    if (error.status === 404) setup.putBack(lines);
  }
  return isThere;
}

/** A start that failed, as its job is told of it: with where the rest is that was said, if anything was. */
export const startupFailed = (message: string, job: string, hasSetupLog: boolean): JobError =>
  jobError(
    'startup_failed',
    hasSetupLog
      ? `${message}\nAll that was printed: /v1/jobs/${job}/logs?phase=setup (slipway logs ${job} --setup)`
      : message,
  );
