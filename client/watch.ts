import type { JobResource } from '../domain/contract/http.ts';
import type { JobState } from '../domain/contract/job.ts';
import { WaitTimeoutError } from './errors.ts';
import { pause, type ClientHost } from './host.ts';
import { OUTAGE_MS } from './retry.ts';

/** Shorter than what the proxies of this world cut off (30 s), and few enough reads. */
const HOLD_SECONDS = 25;
/** Where an answer is not held though we asked for it, a proxy may have dropped the wish: we do not ask more often than this. */
const LEAST_MS = 2_000;

const HAS_ENDED: Readonly<Record<JobState, boolean>> = {
  blocked: false,
  queued: false,
  running: false,
  canceling: false,
  succeeded: true,
  failed: true,
  canceled: true,
  expired: true,
};

/** Whether nothing more will happen to a job in this state. */
export const hasEnded = (state: JobState): boolean => HAS_ENDED[state];

export interface WatchOptions {
  /** How long each answer is held: the end is told at once, progress after so many seconds. 25 unless given, 2 to 60. */
  readonly everySeconds?: number;
  /** How long in a row Slipway may be out of reach before that is thrown. 300 unless given. */
  readonly outageSeconds?: number;
  readonly signal?: AbortSignal;
}

export interface WaitOptions {
  /** How long it is waited for, and an outage is borne; without one as long as it takes, and an outage for 300 s. */
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

export type ReadJob = (
  id: string,
  options: { waitSeconds?: number; outageSeconds?: number; signal?: AbortSignal },
) => Promise<JobResource>;

/** A job as it is now, as it is after each hold, and as it ended. Held by the server (`Prefer: wait`), not polled. */
export async function* watchJob(
  read: ReadJob,
  host: Pick<ClientHost, 'clock'>,
  id: string,
  { everySeconds = HOLD_SECONDS, outageSeconds = OUTAGE_MS / 1_000, signal }: WatchOptions,
): AsyncGenerator<JobResource, void, undefined> {
  const options = { outageSeconds, ...(signal === undefined ? {} : { signal }) };
  const waitSeconds = Math.min(60, Math.max(2, Math.round(everySeconds)));
  let job = await read(id, options);
  yield job;
  while (!hasEnded(job.state)) {
    const askedAtMs = host.clock.nowMs();
    job = await read(id, { waitSeconds, ...options });
    yield job;
    const leftMs = LEAST_MS - (host.clock.nowMs() - askedAtMs);
    if (!hasEnded(job.state) && leftMs > 0) await pause(host, leftMs, signal);
  }
}

/**
 * The job once it has ended, however that was.
 * @throws WaitTimeoutError; TypeError for a timeout that is no time; the signal's reason when that ends first
 */
export async function waitForJob(
  read: ReadJob,
  host: Pick<ClientHost, 'clock'>,
  id: string,
  { timeoutSeconds = Infinity, signal }: WaitOptions,
): Promise<JobResource> {
  if (!(timeoutSeconds >= 0)) throw new TypeError('timeoutSeconds must be a number of seconds, 0 or more');
  const isBounded = timeoutSeconds !== Infinity;
  const timeout = new AbortController();
  const callOff = isBounded ? host.clock.after(timeoutSeconds * 1_000, () => timeout.abort()) : null;
  const either = AbortSignal.any(signal === undefined ? [timeout.signal] : [timeout.signal, signal]);
  const bearing = isBounded ? { outageSeconds: Infinity } : {};
  let last: JobResource | null = null;
  try {
    for await (const job of watchJob(read, host, id, { signal: either, ...bearing })) last = job;
    return last as unknown as JobResource;
  } catch (error) {
    signal?.throwIfAborted();
    throw timeout.signal.aborted ? new WaitTimeoutError(id, timeoutSeconds, last) : error;
  } finally {
    callOff?.();
  }
}
