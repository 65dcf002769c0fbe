import type { JobResource } from '../domain/contract/http.ts';
import type { FieldError, ProblemCode } from '../domain/errors.ts';

/** What went wrong where no problem document says it: no answer came, or one that is not Slipway's. */
export type ClientCode = 'unreachable' | 'unexpected_answer' | 'wait_timeout';

/** What every call of the client throws. `code` is for programs, `detail` for people; neither has the key in it. */
export class SlipwayError extends Error {
  override readonly name: string = 'SlipwayError';
  /** The HTTP status; null where no answer came. */
  readonly status: number | null;
  readonly code: ProblemCode | ClientCode;
  readonly detail: string;
  /** Each field at fault, by JSON pointer. */
  readonly errors: readonly FieldError[];
  /** When it may be tried again, in seconds from the answer; null where the server did not say. */
  readonly retryAfterSeconds: number | null;
  constructor(
    status: number | null,
    code: ProblemCode | ClientCode,
    detail: string,
    errors: readonly FieldError[] = [],
    { retryAfterSeconds = null }: { readonly retryAfterSeconds?: number | null } = {},
  ) {
    super(`${status === null ? '' : `${status} `}${code}: ${detail}`);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Thrown by `waitFor` where the job had not ended in time. It goes on, and may be waited for again. */
export class WaitTimeoutError extends SlipwayError {
  override readonly name = 'WaitTimeoutError';
  /** The job as it was last seen; null where it never was. */
  readonly job: JobResource | null;
  constructor(id: string, seconds: number, job: JobResource | null) {
    super(null, 'wait_timeout', `Job ${id} is ${job?.state ?? 'not seen'} after ${seconds} s; it goes on.`);
    this.job = job;
  }
}
