import { SlipwayError } from './errors.ts';

/** How often a call is made at most, and within what bounds it pauses in between. */
export const MOST_TRIES = 4;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
/** A server that asks for more is not waited for: the caller is told instead. */
const LONGEST_ASKED_MS = 60_000;
/** How long in a row nobody may be there while a job is waited for, unless the caller says. */
export const OUTAGE_MS = 300_000;

/** Answers that say "not now": by our own functions, by Google's front end, or by a proxy on the way. */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export interface Failed {
  /** Null where no answer came. */
  readonly status: number | null;
  readonly retryAfter: string | null;
}

/**
 * How long to pause before the same call is made again; null where it is not to be. Only for calls that are safe to repeat.
 * @param tries how often it was made
 * @param unit uniform in [0, 1): full jitter, so that many who failed together do not come back together
 * @param outageMs for how much longer an outage is borne; null for a call that has its number of tries
 */
export function pauseMs(
  failed: Failed,
  tries: number,
  nowMs: number,
  unit: number,
  outageMs: number | null = null,
): number | null {
  const isLast = outageMs === null ? tries >= MOST_TRIES : outageMs <= 0;
  if (isLast || (failed.status !== null && !PASSING.has(failed.status))) return null;
  const most = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
  const askedMs = retryAfterMs(failed.retryAfter, nowMs);
  if (askedMs === null) return Math.round(most * unit);
  // Never before the time that was asked for; a little after it, each at another moment.
  return askedMs > Math.max(LONGEST_ASKED_MS, outageMs ?? 0) ? null : Math.round(askedMs + FIRST_PAUSE_MS * unit);
}

/** `Retry-After` (RFC 9110): seconds or a date; null for none, or for what is neither. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/** Whether nobody was there, so that the same call may well succeed later. */
export const isOutage = (error: unknown): boolean =>
  error instanceof SlipwayError &&
  (error.code === 'unreachable' || (error.status !== null && PASSING.has(error.status)));
