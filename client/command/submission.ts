import type { JobResource } from '../../domain/contract/http.ts';
import { SlipwayError } from '../errors.ts';
import { EXIT, InterruptedError, SubmissionError, UsageError, type Exit } from './exit.ts';
import { follow } from './follow.ts';
import { COLOUR_OF } from './paint.ts';
import type { Context, Option } from './spec.ts';

export const KEY = {
  type: 'string',
  value: 'TEXT',
  help: 'idempotency key: with the same key and input again it is the same job',
} as const satisfies Option;

/** The idempotency key that was given, or a new one. @throws UsageError */
export function keyOf({ random }: Context['io'], given: string | undefined): string {
  const key = given ?? random.hex(16);
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new UsageError('--key must be 1 to 255 visible ASCII characters.');
}

/**
 * Makes a job, says which it is, and where that is asked for waits for its end.
 * @param seconds how long it is waited for; null where it is as long as it takes
 * @throws SubmissionError where a job may have come of it that nobody saw, or that goes on
 */
export async function submission(
  context: Context,
  key: string,
  make: (options: { readonly idempotencyKey: string; readonly signal: AbortSignal }) => Promise<JobResource>,
  { wait, seconds }: { readonly wait: boolean; readonly seconds: number | null },
): Promise<Exit> {
  const { io } = context;
  let id: string | null = null;
  try {
    const job = await make({ idempotencyKey: key, signal: io.signal });
    id = job.id;
    if (wait) {
      if (!context.isJson) io.stderr(`${id}\n`);
      return await follow(context, id, seconds);
    }
    context.print([`${id}  ${context.paint(COLOUR_OF[job.state], job.state)}`]);
    context.json(job);
    return EXIT.ok;
  } catch (error) {
    throw isOpen(error) ? new SubmissionError(error, { job: id, idempotencyKey: key }) : error;
  }
}

/** Whether what was asked for may have been done all the same: everything but a refusal. */
export const isOpen = (error: unknown): error is SlipwayError | InterruptedError =>
  error instanceof InterruptedError ||
  (error instanceof SlipwayError &&
    (error.status === null || error.status >= 500 || error.code === 'unexpected_answer'));
