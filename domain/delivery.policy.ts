import type { Delivery } from './contract/delivery.ts';
import { NEVER_MS } from './time.ts';

/** How much later than its place in the schedule a try may be: deliveries that failed together do not return together. */
const JITTER = 0.1;

export interface TryView {
  /** Tries claimed so far, the one that is judged included. */
  readonly tries: number;
  /** Null where no HTTP answer came. */
  readonly status: number | null;
  /** What the receiver asked for in `Retry-After`; null where it did not, or not understandably. */
  readonly retryAfterMs: number | null;
  /** The delay before each try. */
  readonly scheduleMs: readonly number[];
  readonly nowMs: number;
  /** Uniform in [0, 1). */
  readonly jitter: number;
}

export type AfterTry = Pick<Delivery, 'state' | 'nextAtMs'>;

/**
 * What becomes of a delivery after a try. Only 2xx is success; 410 ends it for good; a redirect is a failure like any other.
 * Before each further try the schedule's delay passes, up to a tenth more. With 429 and 503, `Retry-After` may double that
 * delay at most, so that no receiver parks us for ever, and never shortens it.
 */
export function nextTry(view: TryView): AfterTry {
  const { status, tries } = view;
  if (status !== null && status >= 200 && status < 300) return { state: 'delivered', nextAtMs: NEVER_MS };
  if (status === 410) return { state: 'disabled', nextAtMs: NEVER_MS };
  const delayMs = view.scheduleMs[tries];
  if (delayMs === undefined) return { state: 'exhausted', nextAtMs: NEVER_MS };
  const own = delayMs * (1 + JITTER * view.jitter);
  const asked = status === 429 || status === 503 ? (view.retryAfterMs ?? 0) : 0;
  return { state: 'pending', nextAtMs: Math.round(view.nowMs + Math.min(2 * delayMs, Math.max(own, asked))) };
}

/**
 * When a try that is claimed now is to be taken for lost, and the next one is due: by the schedule, but not while this one
 * may still be under way.
 * @param tries tries claimed so far, this one included
 */
export function lostTryAtMs(view: Omit<TryView, 'status' | 'retryAfterMs'> & { readonly timeoutMs: number }): number {
  const delayMs = (view.scheduleMs[view.tries] ?? 0) * (1 + JITTER * view.jitter);
  return Math.round(view.nowMs + Math.max(delayMs, 2 * view.timeoutMs));
}

/** Whether the next try is made by the same call rather than by sweep: only the second, and only if it comes soon. */
export const isSameCall = (tries: number, waitMs: number, boundMs: number): boolean => tries === 1 && waitMs <= boundMs;

/** `Retry-After` in milliseconds: seconds, or an HTTP date (RFC 9110 §10.2.3). Null if it is neither. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1_000;
  const at = /^\s*[A-Z][a-z]+[ ,]/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
