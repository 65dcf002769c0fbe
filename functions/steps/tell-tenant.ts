import type { Job, JobEvent } from '../../domain/contract/job.ts';
import { NoTopicError } from '../../domain/errors.ts';
import { isTerminal } from '../../domain/state.ts';
import { eventTypeOf, webhookBody } from '../../domain/webhook-event.ts';
import type { Deps } from '../deps.ts';

/**
 * Publishes the end of a job to its tenant's own topic, where the tenant has asked for that. Before the event is closed, so that
 * sweep finds what a crash leaves out: it may be published twice, and the second says nothing new. A topic that cannot be published
 * to keeps no job from being settled; nor does one that has failed for as long as `tellTenantForMs`, since sweep looks at the oldest
 * open events first, of all tenants.
 * @throws whatever else the bus fails with: the event then stays open
 */
export async function tellTenant(
  { bus, clock, log, settings }: Pick<Deps, 'bus' | 'clock' | 'log' | 'settings'>,
  job: Job,
  event: JobEvent,
): Promise<void> {
  const type = eventTypeOf(event);
  if (job.eventsTopic !== true || !isTerminal(event.to) || type === null) return;
  const id = `${job.id}~${event.seq}`;
  try {
    const body = webhookBody(job, event, type);
    await bus.publish('job-events', { tenant: job.tenant, id, type, sequence: event.seq, body });
  } catch (error) {
    const isTooLate = event.atMs < clock.nowMs() - settings.tellTenantForMs;
    if (!(error instanceof NoTopicError) && !isTooLate) throw error;
    log.error('event not published to its tenant', { event: id, tenant: job.tenant, error: (error as Error).message });
  }
}
