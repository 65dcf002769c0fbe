import type { SlipwayError } from '../errors.ts';

/** What the command ends with, for scripts (docs/14-command.md). */
export const EXIT = {
  ok: 0,
  /** The job ended otherwise than succeeded, or the server refused. */
  failed: 1,
  usage: 2,
  unreachable: 3,
  unauthorised: 4,
  notFound: 5,
  timedOut: 6,
  interrupted: 130,
} as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** Thrown where the command line, or what it names, cannot be meant; `hint` says what may have been. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly hint: string | null;
  constructor(message: string, hint: string | null = null) {
    super(message);
    this.hint = hint;
  }
}

/** Thrown at Ctrl-C. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** What is known of a submission whose end nobody saw. */
export interface Submitted {
  /** Null where no answer came. */
  readonly job: string | null;
  readonly idempotencyKey: string;
}

/** Thrown where a submission was lost on the way or its job goes on: by its key it is not made twice. */
export class SubmissionError extends Error {
  override readonly name = 'SubmissionError';
  override readonly cause: SlipwayError | InterruptedError;
  readonly submitted: Submitted;
  constructor(cause: SlipwayError | InterruptedError, submitted: Submitted) {
    super(cause.message);
    this.cause = cause;
    this.submitted = submitted;
  }
}

/** What Slipway says of an address that is none of its own, where a job that is not there has its name said. */
const NO_ADDRESS = 'There is nothing at this address.';
export const isElsewhere = ({ status, detail }: SlipwayError): boolean => status === 404 && detail === NO_ADDRESS;

export function exitOf(error: SlipwayError): Exit {
  if (error.code === 'wait_timeout') return EXIT.timedOut;
  // Something answers, but it is no Slipway: as good as none, as is one that has no time for us.
  if (
    isElsewhere(error) ||
    error.code === 'unreachable' ||
    error.code === 'unexpected_answer' ||
    error.code === 'unavailable'
  ) {
    return EXIT.unreachable;
  }
  if (error.status === 401 || error.status === 403) return EXIT.unauthorised;
  return error.status === 404 || error.status === 410 ? EXIT.notFound : EXIT.failed;
}
