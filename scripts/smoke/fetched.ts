import { reasonOf } from '../../client/problem.ts';
import { NOBODY, NotYet, SmokeFailure } from './failure.ts';

/** No answer for so long, and the call is given up. */
const CALL_MS = 15_000;

export interface Fetched {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * An answer that has come in full, of whatever status.
 * @param name what is asked, in what is thrown: an address may be a secret
 * @throws NotYet where none comes in time; SmokeFailure where nobody is there
 */
export async function fetched(
  url: string,
  name: string,
  { signal, callMs = CALL_MS, ...init }: Omit<RequestInit, 'signal'> & { signal: AbortSignal; callMs?: number },
): Promise<Fetched> {
  const late = AbortSignal.timeout(callMs);
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.any([signal, late]) });
    return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) throw new NotYet(`${name} does not answer within ${callMs / 1_000} s.`);
    const why = `${name} cannot be reached: ${reasonOf(error)}.`;
    throw NOBODY.test(why) ? new SmokeFailure(why) : new NotYet(why);
  }
}
