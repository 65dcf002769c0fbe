import { MOST_TRIES } from '../retry.ts';
import type { Retry } from '../send.ts';
import { canRedraw, stderrWidthOf, type Io } from './io.ts';
import { wrapped } from './text.ts';

/** What is over sooner needs no word. */
const UNNOTICED_MS = 2_000;
const LONG_TRY_MS = 10_000;

/**
 * Says on stderr that a call is made again, once for each outage, where that is about to take long.
 * @returns what a client is told of its tries by
 */
export function notices(io: Io): (retry: Retry) => boolean {
  let triedAtMs = io.clock.nowMs();
  let isTold = false;
  return ({ tries, waitMs, error }) => {
    // It is the tenant's own jobs that have to end first: nothing of a few tries.
    if (error.code === 'too_many_jobs') return false;
    const nowMs = io.clock.nowMs();
    const wasLong = nowMs - triedAtMs >= LONG_TRY_MS;
    triedAtMs = nowMs + waitMs;
    if (tries === 1) isTold = false;
    if (isTold || (waitMs < UNNOTICED_MS && tries < MOST_TRIES && !wasLong)) return true;
    isTold = true;
    const why = error.status === null ? error.detail.replace(/\.$/, '') : `not now (${error.status})`;
    const next = waitMs < UNNOTICED_MS ? 'trying again' : `trying again in ${Math.ceil(waitMs / 1_000)} s`;
    const lines = wrapped(`${why}; ${next}, Ctrl-C ends`, stderrWidthOf(io)).join('\n');
    // Over the bar, which is drawn anew below.
    io.stderr(canRedraw(io) ? `\r\u001b[K${lines}\n` : `${lines}\n`);
    return true;
  };
}
