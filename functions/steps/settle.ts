import type { Delivery } from '../../domain/contract/delivery.ts';
import type { Job, JobEvent } from '../../domain/contract/job.ts';
import { costOf } from '../../domain/cost.policy.ts';
import { owesLook } from '../../domain/place.policy.ts';
import type { SettledRecord } from '../../domain/metrics.ts';
import { create, refs, update, type Cursor, type Write } from '../../domain/ports.ts';
import { retentionMsOf } from '../../domain/retention.policy.ts';
import { isTerminal } from '../../domain/state.ts';
import { SECOND } from '../../domain/time.ts';
import { deliveryId, owedEvent, webhookBody } from '../../domain/webhook-event.ts';
import type { SettleDeps } from '../deps.ts';
import { decideAgain } from './again.ts';
import { pagesOf } from './pages.ts';
import { fillPlaces } from './places.ts';
import { releaseIfReady } from './release.ts';
import { tellTenant } from './tell-tenant.ts';

/**
 * Does what one event of a job asks for, once: dependants are released (each by its own compare-and-set), and the place that it
 * may have left free in its tenant is filled, as a total, so that doing it twice fills no more; its tenant's own topic is told,
 * again where the call is repeated; then one commit creates the delivery, settles the cost and closes the event. Only whoever
 * made that commit goes on to publish and to count, so a repeated or late event changes nothing; what a crash after the commit
 * leaves out, sweep finds (deliveries by their due time).
 * @param beginByMs until when further pages of dependants are begun: with the rest its own message goes on
 */
export async function settleEvent(
  deps: SettleDeps,
  jobId: string,
  seq: number,
  beginByMs = deps.clock.nowMs() + deps.settings.beginForMs,
): Promise<void> {
  let isReleased = false;
  let isFilled = false;
  let isTold = false;
  const settled = await decideAgain(async () => {
    const [event, job] = await Promise.all([deps.store.get(refs.event(jobId, seq)), deps.store.get(refs.job(jobId))]);
    if (event?.data.open !== true || job === null) return null;
    if (isTerminal(event.data.to) && !isReleased) {
      const releasedTo = await releaseChildren(deps, jobId, event.data.releasedTo ?? null, beginByMs);
      if (releasedTo !== null) {
        await deps.store.commit([update(refs.event(jobId, seq), event, { releasedTo })]);
        await goOn(deps, event.path);
        return null;
      }
      isReleased = true;
    }
    if (job.data.limited === true && owesLook(event.data) && !isFilled) {
      isFilled = await fillPlaces(deps, job.data.tenant, beginByMs);
      if (!isFilled) {
        await goOn(deps, event.path);
        return null;
      }
    }
    if (!isTold) await tellTenant(deps, job.data, event.data);
    isTold = true;
    const delivery = owedDelivery(job.data, event.data, deps.clock.nowMs());
    const closed = isTerminal(event.data.to) ? withCost(deps, withPurge(job.data, event.data)) : job.data;
    const writes: Write[] = [update(refs.event(jobId, seq), event, { open: false })];
    if (delivery !== null) writes.push(create(refs.delivery(delivery.id), delivery));
    if (closed !== job.data) writes.push(update(refs.job(jobId), job, changesIn(closed)));
    await deps.store.commit(writes);
    return { event: event.data, job: closed, delivery };
  });
  if (settled === null) return;
  if (settled.delivery !== null) await publishDelivery(deps, settled.delivery.id);
  await deps.metrics.settled(recordOf(deps, settled.job, settled.event));
}

/**
 * Looks at the jobs that wait for one that has ended, one page at least.
 * @param after the one that an earlier call came to; null to begin with the first
 * @returns null when all have been looked at, else the one that it came to before time was up
 */
async function releaseChildren(
  deps: SettleDeps,
  parent: string,
  after: string | null,
  beginByMs: number,
): Promise<string | null> {
  const from: Cursor | null = after === null ? null : [after, refs.edge(parent, after).path];
  const { childrenPerPage } = deps.settings;
  const pages = pagesOf((options) => deps.store.query('children', { parent }, options), childrenPerPage, from);
  let last = after;
  for await (const page of pages) {
    if (last !== null && last !== after && deps.clock.nowMs() > beginByMs) return last;
    await Promise.all(page.items.map((edge) => releaseIfReady(deps, edge.data.child)));
    last = page.items.at(-1)?.data.child ?? last;
  }
  return null;
}

/** The event stays open for whoever goes on with it. */
async function goOn({ bus, log }: SettleDeps, event: string): Promise<void> {
  try {
    await bus.publish('events', { event });
  } catch (error) {
    log.error('event not gone on with; sweep will', { event, error: String(error) });
  }
}

function owedDelivery(job: Job, event: JobEvent, nowMs: number): Delivery | null {
  const type = owedEvent(job, event);
  if (type === null || job.webhook === null) return null;
  return {
    schema: 1,
    id: deliveryId(job.id, event.seq, 'job'),
    tenant: job.tenant,
    jobId: job.id,
    seq: event.seq,
    endpoint: 'job',
    url: job.webhook.url,
    type,
    body: webhookBody(job, event, type),
    state: 'pending',
    claims: 0,
    attempts: [],
    nextAtMs: nowMs,
    createdAtMs: nowMs,
  };
}

/** What a build of before this one ended, while both ran, has no time at which it is purged: then nothing would ever find it. */
const withPurge = (job: Job, { atMs }: JobEvent): Job =>
  job.purgeAtMs === undefined ? { ...job, purgeAtMs: atMs + retentionMsOf(job) } : job;

function withCost(deps: SettleDeps, job: Job): Job {
  const hardware = deps.catalogue.models.get(job.model)?.model.hardware;
  const cost = hardware === undefined ? null : costOf(job.attempts, hardware);
  return cost === null ? job : { ...job, cost };
}

const changesIn = ({ cost, purgeAtMs }: Job): Partial<Job> => ({
  cost,
  ...(purgeAtMs === undefined ? {} : { purgeAtMs }),
});

async function publishDelivery(deps: SettleDeps, delivery: string): Promise<void> {
  try {
    await deps.bus.publish('deliveries', { delivery });
  } catch (error) {
    deps.log.error('delivery not published; sweep will find it', { delivery, error: String(error) });
  }
}

function recordOf(deps: SettleDeps, job: Job, event: JobEvent): SettledRecord {
  const last = job.attempts.find((attempt) => attempt.attempt === event.attempt);
  const began = event.to === 'running' ? last : undefined;
  const ended = last?.endedAtMs === event.atMs ? last : undefined;
  // A job that has been queued again since does not say any more how long it waited for this attempt.
  const queuedMs = began === undefined || job.queuedAtMs === null ? -1 : began.startedAtMs - job.queuedAtMs;
  const runMs = ended === undefined ? null : event.atMs - ended.startedAtMs;
  const limits = deps.catalogue.models.get(job.model)?.model.limits;
  return {
    job: job.id,
    version: event.seq,
    event: `job.${event.to}`,
    model: job.model,
    queue: job.home,
    attempt: event.attempt,
    errorKind: event.error?.kind ?? null,
    queuedMs: queuedMs < 0 ? null : queuedMs,
    runMs,
    runShare: runMs === null || limits === undefined ? null : runMs / (limits.runTimeoutSeconds * SECOND),
    costUsd: isTerminal(event.to) ? (job.cost?.totalUsd ?? null) : null,
  };
}
