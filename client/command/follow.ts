import type { JobResource } from '../../domain/contract/http.ts';
import { WaitTimeoutError } from '../errors.ts';
import { bar, lines, silence } from './bar.ts';
import { EXIT, UsageError, type Exit } from './exit.ts';
import { canRedraw } from './io.ts';
import { jobLines } from './job-view.ts';
import type { Context, Option } from './spec.ts';
import { numberOf } from './settings.ts';

/** A terminal shows progress, and is told of it this often; elsewhere only changes of state are. */
const EVERY_SECONDS = { terminal: 2, elsewhere: 10 };

export const TIMEOUT = {
  type: 'string',
  value: 'SECONDS',
  help: 'how long to wait at most; then exit 6, and the job goes on',
} as const satisfies Option;

/** What --timeout says; null for none. Asked for before the first call, since a job may come of that. @throws UsageError */
export function secondsOf(timeout: string | undefined, { wait }: { readonly wait: boolean }): number | null {
  if (timeout === undefined) return null;
  if (!wait) throw new UsageError('--timeout needs --wait.');
  return numberOf('timeout', timeout, 1, 604_800);
}

/**
 * Shows how a job gets on until it has ended, then the job.
 * @throws WaitTimeoutError, InterruptedError: the job goes on
 */
export async function follow(context: Context, id: string, seconds: number | null): Promise<Exit> {
  const { io, isJson } = context;
  const isShown = canRedraw(io) && !isJson;
  const progress = isJson ? silence : isShown ? bar(io) : lines(io);
  const late = new AbortController();
  const callOff = seconds === null ? null : io.clock.after(seconds * 1_000, () => late.abort());
  const signal = AbortSignal.any([late.signal, io.signal]);
  const everySeconds = isShown ? EVERY_SECONDS.terminal : EVERY_SECONDS.elsewhere;
  let last: JobResource | null = null;
  try {
    const options = { everySeconds, signal, ...(seconds === null ? {} : { outageSeconds: Infinity }) };
    for await (const job of context.client().watch(id, options)) progress.show((last = job));
  } catch (error) {
    if (seconds !== null && late.signal.aborted && !io.signal.aborted) throw new WaitTimeoutError(id, seconds, last);
    throw error;
  } finally {
    callOff?.();
    progress.close();
  }
  return showEnd(context, last as unknown as JobResource);
}

function showEnd(context: Context, job: JobResource): Exit {
  context.print(jobLines(context, job));
  context.json(job);
  return job.state === 'succeeded' ? EXIT.ok : EXIT.failed;
}
