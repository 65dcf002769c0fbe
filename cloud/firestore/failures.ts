import { isPassing } from '../asking.ts';

/** gRPC status codes (google.rpc.Code) of a precondition that did not hold. */
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const FAILED_PRECONDITION = 9;

/**
 * What a failed commit says: a create met a document, an update met none or another version, nobody knows, or the commit
 * itself is at fault. (Of contention, ABORTED, the client tells nobody: it goes on trying.)
 */
export type CommitFailure = 'exists' | 'stale' | 'unclear' | 'refused';

export function commitFailureOf(error: unknown): CommitFailure {
  const { code } = (error ?? {}) as { code?: unknown };
  if (code === ALREADY_EXISTS) return 'exists';
  if (code === FAILED_PRECONDITION || code === NOT_FOUND) return 'stale';
  return isPassing(error) ? 'unclear' : 'refused';
}
