/** One field at fault: `field` is a JSON pointer into the request, or the name of a header or query parameter. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** Every code a problem document can carry, with its HTTP status and title: the one map from error to status. */
export const PROBLEMS = {
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  invalid_request: { status: 400, title: 'The request is malformed' },
  unauthenticated: { status: 401, title: 'A valid API key is needed' },
  forbidden: { status: 403, title: 'This key may not do that' },
  not_found: { status: 404, title: 'There is no such thing here' },
  method_not_allowed: { status: 405, title: 'This method is not offered here' },
  too_many_keys: { status: 409, title: 'There are as many live keys of this name as there may be' },
  job_already_ended: { status: 409, title: 'The job has already ended' },
  job_not_ended: { status: 409, title: 'The job has not ended yet' },
  session_refused: { status: 409, title: 'This session does not hold its slot' },
  gone: { status: 410, title: 'This was there, and has been deleted' },
  length_required: { status: 411, title: 'Content-Length is needed' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'This content type is not accepted' },
  invalid_input: { status: 422, title: 'The request does not fit its schema' },
  unknown_model: { status: 422, title: 'There is no such model' },
  unknown_dependency: { status: 422, title: 'A job that this one depends on does not exist' },
  idempotency_key_reused: { status: 422, title: 'This idempotency key was used with another body' },
  webhook_refused: { status: 422, title: 'This webhook address is refused' },
  model_unavailable: { status: 422, title: 'This model cannot run here' },
  too_many_jobs: { status: 429, title: 'The tenant has as many waiting jobs as it may have' },
  internal: { status: 500, title: 'Something broke on our side' },
  no_listeners: { status: 501, title: 'There is nothing to listen to in this deployment' },
  unavailable: { status: 503, title: 'Not available just now' },
} as const satisfies Record<string, { status: number; title: string }>;
export type ProblemCode = keyof typeof PROBLEMS;

/** Thrown where the caller asked for something that cannot be done; becomes a problem document. `detail` names the remedy. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: ProblemCode;
  readonly errors: readonly FieldError[];
  constructor(code: ProblemCode, detail: string, errors: readonly FieldError[] = []) {
    super(detail);
    this.code = code;
    this.errors = errors;
  }
}

/** Thrown by `Store.commit` when nothing was written because one write's precondition did not hold. The caller reads again and decides again. */
export class PreconditionFailedError extends Error {
  override readonly name = 'PreconditionFailedError';
  readonly path: string;
  readonly found: 'exists' | 'missing' | 'changed';
  constructor(path: string, found: 'exists' | 'missing' | 'changed', options?: ErrorOptions) {
    super(`precondition failed: ${path} ${found}`, options);
    this.path = path;
    this.found = found;
  }
}

/** Thrown by a port when it cannot tell whether the call took effect. The caller must look before it acts on either guess. */
export class UnclearError extends Error {
  override readonly name = 'UnclearError';
}

/** Thrown by a port that could not be reached and has changed nothing: the same call may well succeed a little later. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}

/** Thrown by the bus where a topic is not there, or not this deployment's to publish to: until somebody makes it, no repeat helps. */
export class NoTopicError extends Error {
  override readonly name = 'NoTopicError';
}

/** Thrown when an event or push cannot be understood; it is acknowledged and recorded, since a retry would bring the same bytes. */
export class PoisonEventError extends Error {
  override readonly name = 'PoisonEventError';
}

/** Thrown by `move` when a job is asked to go where domain/state.ts has no way: a bug in the caller. */
export class IllegalMoveError extends Error {
  override readonly name = 'IllegalMoveError';
}

/** Thrown by the guarded HTTP sender before any packet leaves: the address is not one that may be called. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
}

/** Thrown by the guarded HTTP sender when no complete answer came. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
}

/** How a function that answers an event ends: anything but `retry` acknowledges it. */
export function ackFor(error: unknown): 'ack' | 'retry' {
  return error instanceof PoisonEventError || error instanceof RequestError ? 'ack' : 'retry';
}

/** Narrowing of a caught value to the conflict that a lost race gives. */
export function isConflict(error: unknown): error is PreconditionFailedError {
  return error instanceof PreconditionFailedError;
}
