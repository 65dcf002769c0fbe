import type { ClaimedJob, Outcome } from '../domain/contract/door.ts';
import type { Log } from '../domain/ports.ts';
import { DoorRejectedError, isPassing, type Door } from './door-client.ts';
import { jobError } from './job-fault.ts';
import { stoppedAs } from './run-job.ts';
import { retryWhile, type Patience } from './wait.ts';

/**
 * Tells the door how an attempt ended, until it has answered: accepted, or refused because the job is no longer held here.
 * A result that the door will not take, for its size say, fails the job with that reason.
 * @throws SessionRefusedError, DoorRejectedError, or DoorFailure when patience is over
 */
export async function finishJob(
  door: Door,
  job: ClaimedJob,
  outcome: Outcome,
  log: Log,
  patience: Patience,
): Promise<void> {
  const fields = {
    job: job.id,
    attempt: job.attempt,
    outcome: outcome.kind,
    ...(outcome.kind === 'failed' ? { kind: outcome.error.kind } : {}),
  };
  const tell = (what: Outcome): Promise<{ accepted: boolean }> =>
    retryWhile(isPassing, () => door.finish({ job: job.id, attempt: job.attempt, outcome: what }), patience);
  try {
    const { accepted } = await tell(outcome);
    log.info(accepted ? 'job finished' : 'the outcome was refused: the job is no longer held here', fields);
  } catch (error) {
    if (!(error instanceof DoorRejectedError) || outcome.kind !== 'succeeded') throw error;
    log.error('the door does not take the result', { ...fields, reason: error.message });
    await tell({
      kind: 'failed',
      error: jobError('output_invalid', `The result was not accepted: ${error.message}`),
    });
  }
}

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
  if (job !== null && outcome !== null) await finishJob(door, job, outcome, log, patience);
  await release();
}
