import { MINUTE, SECOND } from '../domain/time.ts';

/** Every duration and bound that the worker itself goes by; the rest comes with the reply to `ready`. Tests shorten them. */
export interface WorkerSettings {
  /** How long `ready` is tried against a door that does not answer. */
  readonly readyPatienceMs: number;
  /** One call to the door, on top of the time it was asked to hold. */
  readonly callTimeoutMs: number;
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
  readonly holdMs: number;
  /** The least time between two claims that found nothing: a door that never holds must not be asked in a tight loop. */
  readonly emptyClaimPauseMs: number;
  readonly reportEveryMs: number;
  /** A job that says nothing is reported all the same, since the reply is what tells of a cancellation. */
  readonly quietReportEveryMs: number;
  readonly maxPendingLines: number;
  readonly maxPendingBytes: number;
  /** From SIGTERM to SIGKILL when a job is stopped. */
  readonly killAfterMs: number;
  /** The same, when the worker itself was told to go: the platform gives it 10 s in all. */
  readonly preemptKillAfterMs: number;
  /** From the worker's own SIGTERM to its exit, whatever is left undone. */
  readonly leaveWithinMs: number;
  readonly releasePatienceMs: number;
  /** How long a result is tried to be handed in against answers 5xx, which may be for what is in it. */
  readonly storePatienceMs: number;
  readonly serverStopMs: number;
  /** How many ports are tried for a server. */
  readonly serverPorts: number;
  readonly healthEveryMs: number;
  readonly maxInputFileBytes: number;
  readonly inputFetchTimeoutMs: number;
  readonly downloadTries: number;
  readonly downloadTimeoutMs: number;
  readonly uploadTries: number;
  readonly uploadTimeoutMs: number;
}

export const DEFAULT_WORKER_SETTINGS: WorkerSettings = {
  readyPatienceMs: MINUTE,
  callTimeoutMs: 10 * SECOND,
  retryFirstMs: 200,
  retryMaxMs: 5 * SECOND,
  holdMs: 50 * SECOND,
  emptyClaimPauseMs: SECOND,
  reportEveryMs: SECOND,
  quietReportEveryMs: 5 * SECOND,
  maxPendingLines: 2_000,
  maxPendingBytes: 256 * 1024,
  killAfterMs: 10 * SECOND,
  preemptKillAfterMs: 3 * SECOND,
  leaveWithinMs: 7.5 * SECOND,
  releasePatienceMs: 5 * SECOND,
  storePatienceMs: 2 * MINUTE,
  serverStopMs: 2 * SECOND,
  serverPorts: 3,
  healthEveryMs: 100,
  maxInputFileBytes: 256 * 1024 * 1024,
  inputFetchTimeoutMs: 2 * MINUTE,
  downloadTries: 4,
  downloadTimeoutMs: 10 * MINUTE,
  uploadTries: 4,
  uploadTimeoutMs: 5 * MINUTE,
};
