import type { JobResource } from '../domain/contract/http.ts';
import type { JobState } from '../domain/contract/job.ts';
import { WaitTimeoutError } from './errors.ts';
import { pause, type ClientHost } from './host.ts';

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
  readonly signal?: AbortSignal;
}

export interface WaitOptions {
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

export type ReadJob = (id: string, options: { waitSeconds?: number; signal?: AbortSignal }) => Promise<JobResource>;

/** A job as it is now, as it is after each hold, and as it ended. Held by the server (`Prefer: wait`), not polled. */
export async function* watchJob(
  read: ReadJob,
  host: Pick<ClientHost, 'clock'>,
  id: string,
  { everySeconds = HOLD_SECONDS, signal }: WatchOptions,
): AsyncGenerator<JobResource, void, undefined> {
  const aborts = signal === undefined ? {} : { signal };
  const waitSeconds = Math.min(60, Math.max(2, Math.round(everySeconds)));
  let job = await read(id, aborts);
  yield job;
  while (!hasEnded(job.state)) {
    const askedAtMs = host.clock.nowMs();
    job = await read(id, { waitSeconds, ...aborts });
    yield job;
    const leftMs = LEAST_MS - (host.clock.nowMs() - askedAtMs);
    if (!hasEnded(job.state) && leftMs > 0) await pause(host, leftMs, signal);
  }
}

/**
 * The job once it has ended, however that was.
 * @throws WaitTimeoutError; the signal's reason when that ends first
 */
export async function waitForJob(
  read: ReadJob,
  host: Pick<ClientHost, 'clock'>,
  id: string,
  { timeoutSeconds, signal }: WaitOptions,
): Promise<JobResource> {
  const timeout = new AbortController();
  const callOff = timeoutSeconds === undefined ? null : host.clock.after(timeoutSeconds * 1_000, () => timeout.abort());
  const either = AbortSignal.any(signal === undefined ? [timeout.signal] : [timeout.signal, signal]);
  let last: JobResource | null = null;
  try {
    for await (const job of watchJob(read, host, id, { signal: either })) last = job;
    return last as unknown as JobResource;
  } catch (error) {
    signal?.throwIfAborted();
    throw timeout.signal.aborted ? new WaitTimeoutError(id, timeoutSeconds ?? 0, last) : error;
  } finally {
    callOff?.();
  }
}
