import type { IncomingHttpHeaders } from 'node:http';
import type { Job } from '../../domain/contract/job.ts';
import { refs, type Snapshot } from '../../domain/ports.ts';
import { isTerminal } from '../../domain/state.ts';
import { SECOND } from '../../domain/time.ts';
import type { Deps } from '../deps.ts';
import { parameterError } from '../http/parse.ts';
import { watchChanges, type Target } from './changes.ts';
import { holdOpen } from './open-answers.ts';
import type { Call } from './route.ts';

const MAX_WAIT_SECONDS = 60;

/** Who waits, and until when at most. */
export type Waiting = Pick<Call, 'tenant' | 'job' | 'gone'>;

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
 * The job once it has ended, or as it is after `seconds`, or when the client has gone.
 * @throws RequestError too_many_streams, and what the store throws
 */
export function waitForEnd(
  deps: Pick<Deps, 'store' | 'clock' | 'settings'>,
  jobId: string,
  seconds: number,
  call: Waiting,
): Promise<Snapshot<Job> | null> {
  const job = refs.job(jobId);
  return readUntil(
    deps,
    { targets: [job], seconds, call },
    () => deps.store.get(job),
    (read) => read === null || isTerminal(read.data.state),
  );
}

/**
 * What `read` gives once it is enough, or as it is after `seconds`, or when the client has gone. The targets are watched before
 * the first read, so that nothing is missed in between; it is read again after each change, and once when the time is up.
 * @throws RequestError too_many_streams, and what `read` throws
 */
export async function readUntil<T>(
  deps: Pick<Deps, 'store' | 'clock' | 'settings'>,
  wait: { readonly targets: readonly Target[]; readonly seconds: number; readonly call: Waiting },
  read: () => Promise<T>,
  isEnough: (value: T) => boolean,
): Promise<T> {
  const endsAtMs = deps.clock.nowMs() + wait.seconds * SECOND;
  const { gone } = wait.call;
  const free = holdOpen(deps, wait.call);
  const changes = watchChanges(deps, wait.targets, gone);
  try {
    for (;;) {
      const value = await read();
      const leftMs = endsAtMs - deps.clock.nowMs();
      if (isEnough(value) || leftMs <= 0 || gone.aborted) return value;
      await changes.next(leftMs);
    }
  } finally {
    changes.stop();
    free();
  }
}
