import type { Job, JobEvent } from '../../domain/contract/job.ts';
import { NoTopicError } from '../../domain/errors.ts';
import { isTerminal } from '../../domain/state.ts';
import { eventTypeOf, webhookBody } from '../../domain/webhook-event.ts';
import type { Deps } from '../deps.ts';

/**
 * Publishes the end of a job to its tenant's own topic, where the tenant has asked for that. Before the event is closed, so that
 * sweep finds what a crash leaves out: it may be published twice, and the second says nothing new. A topic that is missing
 * keeps no job from being settled.
 * @throws whatever else the bus fails with: the event then stays open
 */
export async function tellTenant({ bus, log }: Pick<Deps, 'bus' | 'log'>, job: Job, event: JobEvent): Promise<void> {
  const type = eventTypeOf(event);
  if (job.eventsTopic !== true || !isTerminal(event.to) || type === null) return;
  const id = `${job.id}~${event.seq}`;
  try {
    const body = webhookBody(job, event, type);
    await bus.publish('job-events', { tenant: job.tenant, id, type, sequence: event.seq, body });
  } catch (error) {
    if (!(error instanceof NoTopicError)) throw error;
    log.error('event not published to its tenant', { event: id, tenant: job.tenant, error: error.message });
  }
}
