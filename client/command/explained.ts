import type { FieldError } from '../../domain/errors.ts';
import { SlipwayError } from '../errors.ts';
import {
  EXIT,
  exitOf,
  InterruptedError,
  isElsewhere,
  SubmissionError,
  UsageError,
  type Exit,
  type Submitted,
} from './exit.ts';
import type { Io } from './io.ts';
import { urlOf } from './settings.ts';
import { wrapped } from './text.ts';

/** What there is to tell of what was thrown. */
interface Explained {
  readonly exit: Exit;
  /** What --json says of it, but for the exit code. */
  readonly document: Partial<Submitted> & {
    readonly status: number | null;
    readonly code: string;
    readonly detail: string;
    readonly errors: readonly FieldError[];
  };
  readonly hint: string | null;
  /** To be copied, so never wrapped. */
  readonly line: string | null;
}

/** What to tell of what was thrown, whatever it is. */
export function explained(error: unknown, io: Pick<Io, 'env'>): Explained {
  if (error instanceof SubmissionError) {
    const { cause, submitted } = error;
    const told = explained(cause, io);
    const { job, idempotencyKey } = submitted;
    return {
      ...told,
      document: { ...told.document, ...submitted },
      hint: job === null ? 'It may have been taken. Submitted again it is one job with' : `It is job ${job}.`,
      line: job === null ? `  --key ${idempotencyKey}` : `  slipway watch ${job}`,
    };
  }
  const plain = (exit: Exit, code: string, detail: string, hint: string | null = null): Explained => ({
    exit,
    document: { status: null, code, detail, errors: [] },
    hint,
    line: null,
  });
  if (error instanceof UsageError) return plain(EXIT.usage, 'usage', error.message, error.hint);
  if (error instanceof InterruptedError) return plain(EXIT.interrupted, 'interrupted', error.message);
  if (error instanceof SlipwayError) {
    const { status, code, detail, errors } = error;
    return { exit: exitOf(error), document: { status, code, detail, errors }, hint: hintOf(error, io), line: null };
  }
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return plain(EXIT.failed, 'internal', said, 'This is a fault of the command itself.');
}

function hintOf(error: SlipwayError, io: Pick<Io, 'env'>): string | null {
  if (isElsewhere(error)) {
    return `SLIPWAY_URL is ${urlOf(io)}: is that where Slipway is? It is without /v1.`;
  }
  const exit = exitOf(error);
  if (exit === EXIT.unauthorised) return '"slipway doctor" tells what your SLIPWAY_API_KEY is good for.';
  if (error.code === 'unreachable' && isLoopback(urlOf(io))) {
    return 'npm start starts a Slipway here; SLIPWAY_URL says where another is.';
  }
  return exit === EXIT.unreachable ? 'SLIPWAY_URL says where Slipway is.' : null;
}

export const isLoopback = (url: string): boolean => /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(url).hostname);

/** The same for people. */
export function linesOf(
  { document: { detail, errors }, hint, line }: Omit<Explained, 'exit'>,
  width: number,
): string[] {
  // Where one field is at fault, the detail says all of it.
  const more = errors.filter(({ field, message }) => detail !== `${field}: ${message}.`);
  return [
    ...wrapped(`slipway: ${detail}`, width),
    ...more.flatMap(({ field, message }) => wrapped(`${field} ${message}`, width - 2).map((text) => `  ${text}`)),
    ...(hint === null ? [] : wrapped(hint, width)),
    ...(line === null ? [] : [line]),
  ];
}
