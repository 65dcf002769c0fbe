import { setTimeout as delay } from 'node:timers/promises';
import type { SlipwayClient } from '../../client/index.ts';
import { isTerminal } from '../../domain/state.ts';
import { DemoFailure, DemoTimeout } from './failure.ts';
import type { Named } from './jobs.ts';
import type { View } from './views.ts';

/** `Prefer: wait` tells of the end alone; who wants to see progress asks again. */
const LOOK_EVERY_MS = 250;

/**
 * Shows the jobs' progress until all have succeeded.
 * @throws DemoFailure as soon as one has ended otherwise; the signal's reason when it ends
 */
export async function follow(
  api: Pick<SlipwayClient, 'getJob'>,
  jobs: readonly Named[],
  view: View,
  signal: AbortSignal,
): Promise<readonly Named[]> {
  let now = jobs;
  try {
    for (;;) {
      for (const each of now) view.show(each);
      const failed = now.find(({ job }) => isTerminal(job.state) && job.state !== 'succeeded');
      if (failed !== undefined) throw new DemoFailure(reasonOf(failed));
      if (now.every(({ job }) => isTerminal(job.state))) return now;
      await delay(LOOK_EVERY_MS, undefined, { signal });
      now = await Promise.all(
        now.map(async ({ name, job }) => ({
          name,
          job: isTerminal(job.state) ? job : await api.getJob(job.id, { signal }),
        })),
      );
    }
  } catch (error) {
    if (signal.aborted) throw withStates(signal.reason, now);
    throw error;
  }
}

function reasonOf({ name, job }: Named): string {
  const why = job.error === null ? '' : `: ${job.error.message} (${job.error.kind})`;
  return `${name} ended as ${job.state}${why}.`;
}

/** A timeout that says what it was waiting for. */
function withStates(reason: unknown, jobs: readonly Named[]): unknown {
  if (!(reason instanceof DemoTimeout)) return reason;
  const open = jobs
    .filter(({ job }) => !isTerminal(job.state))
    .map(({ name, job }) => `${name} is ${job.state}${job.blocked === null ? '' : ` (${job.blocked.reason})`}`);
  return new DemoTimeout(`${reason.message.replace(/\.$/, '')}: ${open.join(', ')}.`);
}
