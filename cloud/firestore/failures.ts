import { UnavailableError } from '../../domain/errors.ts';

/** gRPC status codes that Firestore answers with (google.rpc.Code). */
const CODE = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  failedPrecondition: 9,
  aborted: 10,
  internal: 13,
  unavailable: 14,
  resourceExhausted: 8,
} as const;

/** Thrown by this adapter itself when Firestore has not answered in time; the call may still take effect. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/**
 * What a failed commit says: a create met a document, an update met none or another version, others held the documents
 * (nothing was written), nobody knows, or the commit itself is at fault.
 */
export type CommitFailure = 'exists' | 'stale' | 'contention' | 'unclear' | 'refused';

export function commitFailureOf(error: unknown): CommitFailure {
  if (error instanceof NoAnswerError) return 'unclear';
  switch (codeOf(error)) {
    case CODE.alreadyExists:
      return 'exists';
    case CODE.failedPrecondition:
    case CODE.notFound:
      return 'stale';
    case CODE.aborted:
      return 'contention';
    case CODE.cancelled:
    case CODE.unknown:
    case CODE.deadlineExceeded:
    case CODE.resourceExhausted:
    case CODE.internal:
    case CODE.unavailable:
      return 'unclear';
    default:
      return 'refused';
  }
}

/** An error of a read, as the port has it: what may be better a moment later, told apart from what never will. */
export function readError(error: unknown): unknown {
  const failure = commitFailureOf(error);
  if (failure !== 'unclear' && failure !== 'contention') return error;
  return new UnavailableError(`the store did not answer: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;
