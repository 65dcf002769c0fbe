import { SlipwayError } from '../../client/index.ts';

/** What a check found to be wrong, in a sentence for whoever deployed it. */
export class SmokeFailure extends Error {
  override readonly name: string = 'SmokeFailure';
}

/** What may be wrong only for now: it is borne until the check's time is up. */
export class NotYet extends SmokeFailure {
  override readonly name = 'NotYet';
}

/** Google's front end is there before any service of ours: where nobody is, the address is wrong. */
export const NOBODY = /: (ECONNREFUSED|ENOTFOUND)\.$/;

/**
 * Whether something that was just deployed may answer otherwise soon: in a new service's place Cloud Run answers 404, 403 or 503 for
 * some minutes, and a function whose rights are new fails. What Slipway itself refuses is refused.
 */
export function isNotYet(error: unknown): boolean {
  if (error instanceof NotYet) return true;
  if (!(error instanceof SlipwayError)) return false;
  const { status, code, detail } = error;
  if (status === null) return !NOBODY.test(detail);
  // What answers 200 in a way of its own will do so later, too.
  return (code === 'unexpected_answer' && status !== 200) || status === 429 || status >= 500;
}
