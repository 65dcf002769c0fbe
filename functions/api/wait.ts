import type { IncomingHttpHeaders } from 'node:http';
import type { Job } from '../../domain/contract/job.ts';
import { refs, type Snapshot } from '../../domain/ports.ts';
import { isTerminal } from '../../domain/state.ts';
import { SECOND } from '../../domain/time.ts';
import type { Deps } from '../deps.ts';
import { parameterError } from '../http/parse.ts';

const MAX_WAIT_SECONDS = 60;

/**
 * The seconds of `Prefer: wait=N` (RFC 7240), 0 where there is none. Other preferences are ignored, as the standard says.
 * @throws RequestError invalid_request
 */
export function waitSecondsOf(headers: IncomingHttpHeaders): number {
  const prefer = headers['prefer'];
  if (prefer === undefined) return 0;
  for (const preference of String(prefer).split(',')) {
    const [name = '', value = ''] = (preference.split(';')[0] ?? '').split('=').map((part) => part.trim());
    if (name.toLowerCase() !== 'wait') continue;
    const seconds = /^"?(\d{1,4})"?$/.exec(value)?.[1];
    if (seconds !== undefined && Number(seconds) >= 1 && Number(seconds) <= MAX_WAIT_SECONDS) return Number(seconds);
    throw parameterError('Prefer', `must have wait=1 to wait=${MAX_WAIT_SECONDS}, in whole seconds`);
  }
  return 0;
}

/**
 * The job once it has ended, or as it is after `seconds`, or when the client has gone. The watch is set before the first
 * read, so that no end is missed in between.
 */
export async function waitForEnd(
  deps: Pick<Deps, 'store' | 'clock'>,
  jobId: string,
  seconds: number,
  gone: AbortSignal,
): Promise<Snapshot<Job> | null> {
  const endsAtMs = deps.clock.nowMs() + seconds * SECOND;
  let changed = false;
  let wake = (): void => undefined;
  const onChange = (): void => {
    changed = true;
    wake();
  };
  const stopWatching = deps.store.watch(refs.job(jobId), onChange);
  gone.addEventListener('abort', onChange);
  try {
    for (;;) {
      changed = false;
      const read = await deps.store.get(refs.job(jobId));
      const leftMs = endsAtMs - deps.clock.nowMs();
      if (read === null || isTerminal(read.data.state) || leftMs <= 0 || gone.aborted) return read;
      await new Promise<void>((resolve) => {
        const callOff = deps.clock.after(leftMs, resolve);
        wake = () => {
          callOff();
          resolve();
        };
        if (changed) wake();
      });
    }
  } finally {
    stopWatching();
    gone.removeEventListener('abort', onChange);
  }
}
