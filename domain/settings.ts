import { DEFAULT_RETENTION_MS } from './retention.policy.ts';
import { DAY, HOUR, MINUTE, SECOND } from './time.ts';

/** Every duration and bound that the rules go by. Tests shorten them; none is read from anywhere else. */
export interface Settings {
  /** A slot whose document was last written longer ago than this, by the store's own time, is recovered. */
  readonly leaseMs: number;
  readonly renewEveryMs: number;
  /** A worker whose last good renewal began this long ago kills its runners and exits: this and the 10 s of a SIGTERM stay below the lease. */
  readonly abandonAfterMs: number;
  /** How long a slot may stay reserved without its worker being ready or known to be starting. */
  readonly reservedMs: number;
  /** The longest that a claim is held open. */
  readonly holdMs: number;
  /** How long a stream of events goes on before its client must ask for the rest: a request to Cloud Run has an end anyway. */
  readonly streamMs: number;
  /** A stream on which nothing was sent for so long says that it is still there. */
  readonly keepAliveMs: number;
  /** How old an open event, or a queue with queued jobs and room, is when sweep takes it to be forgotten. */
  readonly staleMs: number;
  readonly sweepEveryMs: number;
  /**
   * How long after its event came a handler begins further rounds (a launch, a page of dependants). One call of the last of them
   * may take as long as it gets, 6 s, and the event is still answered within 8 s; after 10 s it would come again.
   */
  readonly beginForMs: number;
  /** How many of a job's dependants are looked at together; there is no bound on how many it may have. */
  readonly childrenPerPage: number;
  /** An event older than this is dropped: sweep has done what it asked for, many times over. */
  readonly maxEventAgeMs: number;
  /** The first backoff, doubled with each further attempt. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** When a blocked job with no time of its own is looked at again, in case whoever should have moved it is gone. */
  readonly recheckMs: number;
  /** Lost and preempted attempts do not count towards `maxAttempts`; this bounds them all the same. */
  readonly maxLost: number;
  /** Delay before each try of a delivery; the first two are made by the same call. */
  readonly deliveryScheduleMs: readonly number[];
  readonly deliveryTimeoutMs: number;
  readonly uploadUrlMs: number;
  readonly downloadUrlMs: number;
  readonly maxBodyBytes: number;
  /** An input as JSON, with the outputs it refers to. A document has 1 MiB on Firestore, and a job's holds 256 KiB of output, its attempts and its artifacts as well. */
  readonly maxInputBytes: number;
  /** How long a job is kept after its end, unless it asks for another time. */
  readonly retentionMs: number;
  /** How long it is known after that that there was one. */
  readonly tombstoneMs: number;
  /** When a job that is still needed though its time is over is looked at again. */
  readonly purgeAgainMs: number;
  /** How long a message that could not be understood stays on record. */
  readonly rejectionMs: number;
  readonly maxFileBytes: number;
  /** The files of one job together: where a worker's disk is its memory, they lie beside the model. */
  readonly maxJobFileBytes: number;
  /**
   * From a file's creation to its removal. Longer than the longest a job may wait (30 days ahead, 7 to its start deadline, an hour's
   * run), so that a new file is good for every job.
   */
  readonly fileRetentionMs: number;
}

export const DEFAULT_SETTINGS: Settings = {
  leaseMs: 60 * SECOND,
  renewEveryMs: 15 * SECOND,
  abandonAfterMs: 40 * SECOND,
  reservedMs: 90 * SECOND,
  holdMs: 50 * SECOND,
  streamMs: 50 * SECOND,
  keepAliveMs: 15 * SECOND,
  staleMs: 60 * SECOND,
  sweepEveryMs: 60 * SECOND,
  beginForMs: 2 * SECOND,
  childrenPerPage: 25,
  maxEventAgeMs: HOUR,
  backoffMs: 60 * SECOND,
  maxBackoffMs: HOUR,
  recheckMs: 60 * SECOND,
  maxLost: 10,
  deliveryScheduleMs: [
    0,
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    DAY,
  ],
  deliveryTimeoutMs: 15 * SECOND,
  uploadUrlMs: 15 * MINUTE,
  downloadUrlMs: HOUR,
  maxBodyBytes: 512 * 1024,
  maxInputBytes: 448 * 1024,
  retentionMs: DEFAULT_RETENTION_MS,
  tombstoneMs: 30 * DAY,
  purgeAgainMs: HOUR,
  rejectionMs: 30 * DAY,
  maxFileBytes: 1024 ** 3,
  maxJobFileBytes: 2 * 1024 ** 3,
  fileRetentionMs: 40 * DAY,
};
