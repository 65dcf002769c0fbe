import { createHash, timingSafeEqual } from 'node:crypto';
import type { Holder } from '../../domain/contract/job.ts';
import type { Slot } from '../../domain/contract/slot.ts';
import { RequestError } from '../../domain/errors.ts';
import { refs, type Snapshot } from '../../domain/ports.ts';
import type { Deps } from '../deps.ts';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Compares two hex digests without telling by its time where they differ. */
export const sameDigest = (a: string | null, b: string): boolean =>
  a !== null && a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

/** What a worker shows with each call after `ready`. */
export interface Session {
  readonly slot: string;
  readonly fence: number;
  readonly key: string;
}

const refused = (why: string): RequestError => new RequestError('session_refused', `${why}; this worker must stop.`);

/** Reads `<slot>.<fence>.<key>` from the session header. @throws RequestError session_refused */
export function parseSession(header: string | undefined): Session {
  const match = /^(.+)\.(\d+)\.([0-9a-f]{64})$/.exec(header ?? '');
  if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined)
    throw refused('No session was given');
  return { slot: match[1], fence: Number(match[2]), key: match[3] };
}

/**
 * The slot that a session holds, as it is now. Every call of a worker begins here, so a slot that was handed on, or is being
 * recovered, refuses them all.
 * @throws RequestError session_refused
 */
export async function slotOf(deps: Pick<Deps, 'store'>, session: Session): Promise<Snapshot<Slot>> {
  const read = await deps.store.get(refs.slot(session.slot));
  if (read === null) throw refused('There is no such slot');
  const { state, fence, sessionHash } = read.data;
  if (fence !== session.fence) throw refused(`The slot was handed on (fence ${fence})`);
  if (state !== 'ready' && state !== 'draining') throw refused(`The slot is ${state}`);
  if (!sameDigest(sessionHash, sha256(session.key))) throw refused('The session is not the one that holds the slot');
  return read;
}

/** What a job carries while this session runs attempt `attempt` of it. */
export const holderOf = (session: Session, attempt: number): Holder => ({
  slot: session.slot,
  fence: session.fence,
  attempt,
});
