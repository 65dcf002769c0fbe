import type { ClaimedJob, Outcome } from '../domain/contract/door.ts';
import type { StopReason } from './stop.ts';

/** What an attempt that was stopped is finished with. */
export function stoppedAs(reason: StopReason, job: ClaimedJob): Outcome | null {
  switch (reason) {
    case 'cancel':
      return { kind: 'canceled' };
    case 'timeout':
      return {
        kind: 'failed',
        error: {
          kind: 'timeout',
          message: `The run was stopped after ${job.runTimeoutMs / 1_000} s, its run timeout.`,
        },
      };
    case 'preempted':
      return {
        kind: 'failed',
        error: { kind: 'preempted', message: 'The worker was told to stop before the run had ended.' },
      };
    case 'lost':
      return null;
  }
}
