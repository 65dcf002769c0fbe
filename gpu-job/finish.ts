import type { ClaimedJob, FinishRequest, Outcome } from '../domain/contract/door.ts';
import type { Log } from '../domain/ports.ts';
import type { Door } from './door-client.ts';
import { DoorFailure, DoorRejectedError, isPassing } from './door-errors.ts';
import { jobError } from './job-fault.ts';
import { stoppedAs } from './stopped.ts';
import { retryWhile, type Patience } from './wait.ts';

/** How an attempt ended, and which chunk of its log may still be on its way. */
export type Ending = Pick<FinishRequest, 'outcome' | 'logSeq'>;

/**
 * Tells the door how an attempt ended, until it has answered: accepted, or refused because the job is no longer held here.
 * A result that the door will not take, for its size say, fails the job with that reason; so does one that it cannot take,
 * after `storePatienceMs` of answers 5xx. No answer at all says nothing of the result and is borne as long as any.
 * @throws SessionRefusedError, DoorRejectedError, or DoorFailure when patience is over
 */
export async function finishJob(
  door: Door,
  job: ClaimedJob,
  { outcome, logSeq }: Ending,
  log: Log,
  patience: Patience & { readonly storePatienceMs?: number },
): Promise<void> {
  const { clock, storePatienceMs = Infinity } = patience;
  let brokenSinceMs = Infinity;
  const heals = (error: unknown): boolean => {
    if (!isPassing(error)) return false;
    if (!isBroken(error)) return true;
    brokenSinceMs = Math.min(brokenSinceMs, clock.nowMs());
    return clock.nowMs() - brokenSinceMs < storePatienceMs;
  };
  const fields = {
    job: job.id,
    attempt: job.attempt,
    outcome: outcome.kind,
    ...(outcome.kind === 'failed' ? { kind: outcome.error.kind } : {}),
  };
  const tell = (what: Outcome, heal: (error: unknown) => boolean): Promise<{ accepted: boolean }> =>
    retryWhile(heal, () => door.finish({ job: job.id, attempt: job.attempt, outcome: what, logSeq }), patience);
  try {
    const { accepted } = await tell(outcome, outcome.kind === 'succeeded' ? heals : isPassing);
    log.info(accepted ? 'job finished' : 'the outcome was refused: the job is no longer held here', fields);
  } catch (error) {
    const isRejected = error instanceof DoorRejectedError;
    if (outcome.kind !== 'succeeded' || !(isRejected || (isBroken(error) && !heals(error)))) throw error;
    const reason = (error as Error).message;
    log.error('the door does not take the result', { ...fields, reason });
    const why = isRejected ? 'The result was not accepted' : 'The result could not be stored';
    await tell({ kind: 'failed', error: jobError('output_invalid', `${why}: ${reason}`) }, isPassing);
  }
}

/** The door was reached and failed, perhaps over what it was given. */
const isBroken = (error: unknown): boolean => error instanceof DoorFailure && (error.status ?? 0) >= 500;

/**
 * Gives the slot back. A claim that was hung up on may have taken a job nobody has seen; then the release is refused, the
 * door gives that job once more, and it is handed back first.
 * @throws as the door's calls do; the lease then runs out by itself and the slot is handed on
 */
export async function releaseSlot(door: Door, loadMs: number, log: Log, patience: Patience): Promise<void> {
  const release = (): Promise<{ released: boolean }> => retryWhile(isPassing, () => door.release(), patience);
  const { released } = await release();
  if (released) return;
  const never = new AbortController().signal;
  const { job } = await retryWhile(isPassing, () => door.claim({ holdMs: 0, loadMs }, never), patience);
  const outcome = job === null ? null : stoppedAs('preempted', job);
  if (job !== null && outcome !== null) await finishJob(door, job, { outcome }, log, patience);
  await release();
}
