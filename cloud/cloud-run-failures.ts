import type { LaunchResult } from '../domain/ports.ts';

/** gRPC status codes (google.rpc.Code) after which it is certain that nothing was started. */
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const OUT_OF_RANGE = 11;
const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;

/** Reasons of google.rpc.ErrorInfo that say: allowed, but there is none to be had (Compute's words for it; Cloud Run has none of its own). */
const NO_CAPACITY = /resource_availability|resource_pool_exhausted|stockout/i;

/** The part of a gax error that tells what happened. */
interface ApiError {
  readonly code?: number;
  readonly reason?: string;
  readonly statusDetails?: unknown;
  readonly message?: string;
}

/**
 * What a failed `RunJob` means. The call has no request id, so an answer that does not rule out a start is `ambiguous`,
 * UNAVAILABLE included: the connection may have broken after the execution was made.
 */
export function launchFailureOf(error: unknown): Exclude<LaunchResult, { kind: 'started' }> {
  const { code, reason = '', statusDetails, message = String(error) } = (error ?? {}) as ApiError;
  const failed = (why: Extract<LaunchResult, { kind: 'failed' }>['reason']): LaunchResult & { kind: 'failed' } => ({
    kind: 'failed',
    reason: why,
    message,
  });
  if (NO_CAPACITY.test(reason)) return failed('capacity');
  // A quota is told by its detail, whatever the code: what codes Cloud Run uses for it is not documented.
  if (code === RESOURCE_EXHAUSTED || hasQuotaFailure(statusDetails)) return failed('quota');
  switch (code) {
    case PERMISSION_DENIED:
    case UNAUTHENTICATED:
      return failed('permission');
    case NOT_FOUND:
      return failed('not_found');
    case INVALID_ARGUMENT:
    case ALREADY_EXISTS:
    case FAILED_PRECONDITION:
    case OUT_OF_RANGE:
    case UNIMPLEMENTED:
      return failed('other');
    case undefined:
    default:
      return { kind: 'ambiguous', message };
  }
}

export const isNotFound = (error: unknown): boolean => (error as ApiError | null)?.code === NOT_FOUND;

/**
 * Cancelling what has ended already. Google names no code for it; these two are taken to mean it, since one that in truth goes
 * on is harmless: its session is refused, and it ends.
 */
export const isOver = (error: unknown): boolean =>
  isNotFound(error) || (error as ApiError | null)?.code === FAILED_PRECONDITION;

/** google.rpc.QuotaFailure is the one detail that lists violations of a subject. */
function hasQuotaFailure(details: unknown): boolean {
  if (!Array.isArray(details)) return false;
  return details.some((detail: unknown) => {
    const { violations = [] } = (detail ?? {}) as { violations?: readonly { subject?: unknown }[] };
    return violations.some(({ subject }) => typeof subject === 'string');
  });
}
