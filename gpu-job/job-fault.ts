import type { ErrorKind, JobError } from '../domain/contract/job.ts';

const MAX_MESSAGE = 4_096;

/** Thrown where a job cannot go on; becomes the error that its attempt is finished with. */
export class JobFault extends Error {
  override readonly name = 'JobFault';
  readonly kind: ErrorKind;
  constructor(kind: ErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }

  get jobError(): JobError {
    return jobError(this.kind, this.message);
  }
}

/** An error as the contract bounds it; of a long message the end is kept too, where programs say what went wrong. */
export function jobError(kind: ErrorKind, message: string): JobError {
  if (message.length <= MAX_MESSAGE) return { kind, message };
  return { kind, message: `${message.slice(0, 1_000)}\n[…]\n${message.slice(-(MAX_MESSAGE - 1_005))}` };
}
