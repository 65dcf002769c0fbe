import type { JobEventResource } from '../domain/contract/follow.ts';
import type { JobState } from '../domain/contract/job.ts';
import { SlipwayError } from './errors.ts';
import { messageReader, type Message } from './event-stream.ts';
import { pause, type ClientHost } from './host.ts';
import { isOutage, OUTAGE_MS } from './retry.ts';
import { hasEnded } from './watch.ts';

/** What a job's worker last said of how far it is. */
export interface JobProgress {
  readonly attempt: number;
  /** From 0 to 1. */
  readonly fraction: number | null;
  readonly message: string | null;
  readonly at: string;
}

/** What happened to a job: it came into a state, which is kept and has a number; or it got on, which is not and has none. */
export type JobEvent =
  | { readonly type: `job.${JobState}`; readonly version: number; readonly data: JobEventResource }
  | { readonly type: 'progress'; readonly version: null; readonly data: JobProgress };

export interface FollowOptions {
  /** The `version` of the last event that is known: those behind it are given. All of them unless given. */
  readonly after?: number;
  /** How long in a row Slipway may be out of reach before that is thrown. 300 unless given. */
  readonly outageSeconds?: number;
  readonly signal?: AbortSignal;
}

/** Opens the job's stream behind a version; null where there is nothing behind it. @throws SlipwayError */
export type OpenEvents = (
  id: string,
  after: number,
  options: { readonly outageMs: number; readonly signal?: AbortSignal },
) => Promise<AsyncIterable<string> | null>;

/** Where the server does not say how soon it may be asked again. */
const USUAL_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 8_000;

/**
 * A job's events, each once and in order, until the one of its end; over as many connections as that takes.
 * @throws SlipwayError; the signal's reason when that ends first
 */
export async function* followJob(
  open: OpenEvents,
  host: Pick<ClientHost, 'clock'>,
  id: string,
  { after = 0, outageSeconds, signal }: FollowOptions,
): AsyncGenerator<JobEvent, void, undefined> {
  const outageMs = outageSeconds === undefined ? OUTAGE_MS : outageSeconds * 1_000;
  const options = signal === undefined ? { outageMs } : { outageMs, signal };
  let seen = after;
  let heardAtMs = host.clock.nowMs();
  let retryMs = USUAL_RETRY_MS;
  for (;;) {
    const reader = messageReader();
    try {
      const pieces = await open(id, seen, options);
      if (pieces === null) return;
      for await (const piece of pieces) {
        heardAtMs = host.clock.nowMs();
        for (const message of reader.push(piece)) {
          const event = eventOf(message);
          // A proxy may give what it has kept.
          if (event === null || (event.version !== null && event.version <= seen)) continue;
          seen = event.version ?? seen;
          yield event;
          if (event.version !== null && hasEnded(event.data.state)) return;
        }
      }
    } catch (error) {
      if (!isOutage(error) || host.clock.nowMs() - heardAtMs >= outageMs) throw error;
    }
    retryMs = Math.min(LONGEST_RETRY_MS, reader.retryMs() ?? retryMs);
    await pause(host, retryMs, signal);
  }
}

/** Null for what a later Slipway may tell besides. @throws SlipwayError unexpected_answer */
function eventOf({ event, data }: Message): JobEvent | null {
  const isMove = event.startsWith('job.');
  if (!isMove && event !== 'progress') return null;
  try {
    const told = JSON.parse(data) as JobEventResource & JobProgress;
    if (!isMove) return { type: 'progress', version: null, data: told };
    if (typeof told.version === 'number' && typeof told.state === 'string') {
      return { type: `job.${told.state}`, version: told.version, data: told };
    }
  } catch {
    // As below.
  }
  throw new SlipwayError(200, 'unexpected_answer', `An event "${event}" came that is not as Slipway tells it.`);
}
