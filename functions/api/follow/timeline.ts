import type { JobEventResource } from '../../../domain/contract/follow.ts';
import type { Job, JobEvent } from '../../../domain/contract/job.ts';
import { refs } from '../../../domain/ports.ts';
import { eventFacts } from '../../../domain/webhook-event.ts';
import type { Deps } from '../../deps.ts';

const EVENTS_A_PAGE = 100;

/**
 * The first events of a job behind a version, oldest first: a page of them, since there is no bound on how many there are. (Attempts
 * are bounded; but a job may wait for a place of its tenant and be queued again any number of times.) None that came after the
 * job was read, so that the two agree.
 */
export async function eventsPage({ store }: Pick<Deps, 'store'>, job: Job, version: number): Promise<JobEvent[]> {
  if (version >= job.version) return [];
  const after = version === 0 ? {} : { after: [version, refs.event(job.id, version).path] as const };
  const bounds = { limit: EVENTS_A_PAGE, until: job.version, ...after };
  return (await store.query('eventsOfJob', { jobId: job.id }, bounds)).items.map(({ data }) => data);
}

/** All of them, each page read when it is asked for. */
export async function* eventsAfter(deps: Pick<Deps, 'store'>, job: Job, version: number): AsyncGenerator<JobEvent> {
  for (let at = version; at < job.version;) {
    const page = await eventsPage(deps, job, at);
    yield* page;
    at = page.at(-1)?.seq ?? job.version;
  }
}

/** An event as its tenant sees it. */
export const eventResource = (job: Pick<Job, 'id' | 'model' | 'metadata'>, event: JobEvent): JobEventResource => ({
  ...eventFacts(job, event),
  reason: event.reason,
  at: new Date(event.atMs).toISOString(),
});
