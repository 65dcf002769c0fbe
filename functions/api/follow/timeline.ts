import type { JobEventResource } from '../../../domain/contract/follow.ts';
import type { Job, JobEvent } from '../../../domain/contract/job.ts';
import { refs } from '../../../domain/ports.ts';
import { eventFacts } from '../../../domain/webhook-event.ts';
import type { Deps } from '../../deps.ts';
import { pagesOf } from '../../steps/pages.ts';

const EVENTS_A_PAGE = 100;

/**
 * The events of a job behind a version, oldest first: all of them, since attempts are bounded and so are they. None that came
 * after the job was read, so that the two agree.
 */
export async function eventsAfter({ store }: Pick<Deps, 'store'>, job: Job, version: number): Promise<JobEvent[]> {
  if (version >= job.version) return [];
  const after = version === 0 ? null : ([version, refs.event(job.id, version).path] as const);
  const events: JobEvent[] = [];
  const pages = pagesOf((options) => store.query('eventsOfJob', { jobId: job.id }, options), EVENTS_A_PAGE, after);
  for await (const page of pages) events.push(...page.items.map(({ data }) => data));
  return events.filter(({ seq }) => seq <= job.version);
}

/** An event as its tenant sees it. */
export const eventResource = (job: Pick<Job, 'id' | 'model' | 'metadata'>, event: JobEvent): JobEventResource => ({
  ...eventFacts(job, event),
  reason: event.reason,
  at: new Date(event.atMs).toISOString(),
});
