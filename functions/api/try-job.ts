import type { JobPlanResource } from '../../domain/contract/plan.ts';
import type { Model, Queue } from '../../domain/contract/model.ts';
import { coarseMs, expectedCostUsd, expectedWaitMs } from '../../domain/expect.policy.ts';
import { basisOf, figureOf, historyOf, type History, type Spread } from '../../domain/history.policy.ts';
import { priceOf } from '../../domain/hardware.ts';
import { isHeldSlot } from '../../domain/slot.policy.ts';
import { targetWorkers, type QueueView } from '../../domain/target.policy.ts';
import { SECOND } from '../../domain/time.ts';
import { RequestError } from '../../domain/errors.ts';
import type { ApiDeps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import { parseStrictJson } from '../http/strict-json.ts';
import { planJob } from '../submit/plan-job.ts';
import { readJobRequest } from '../submit/read-request.ts';
import { ownHistory } from './own-history.ts';
import { jobSummary } from './resource.ts';
import type { Call } from './route.ts';

/** A store bills a count by the thousand. */
const MOST_COUNTED = 10_000;
const SLOTS = 1_000;

/**
 * `POST /v1/jobs:plan`: all that a submission checks, and what would become of the job. Writes nothing.
 * @throws RequestError as a submission
 */
export async function tryJob(deps: ApiDeps, call: Call): Promise<Answer> {
  const request = readJobRequest(deps, parseStrictJson(call.body));
  const asked = { id: deps.random.id(), tenant: call.tenant, requestHash: '', request };
  const { job } = await planJob(deps, asked);
  const home = deps.catalogue.queues.get(job.home);
  const model = deps.catalogue.models.get(job.model)?.model;
  if (home === undefined || model === undefined)
    throw new RequestError('unavailable', `No queue here runs ${job.model}.`);
  const own = { tenant: job.tenant, pool: job.pool, state: 'queued' } as const;
  const [now, history, backlog] = await Promise.all([
    viewOf(deps, home),
    // Of what jobs took and cost, a key without `read` is shown nothing anywhere.
    call.scopes.includes('read') ? ownHistory(deps, job.tenant, model) : historyOf([]),
    deps.store.count('jobsByTenantPoolState', own, MOST_COUNTED),
  ]);
  const body: JobPlanResource = {
    model: job.model,
    pool: job.pool,
    queues: job.queues,
    blocked: jobSummary(deps, job).blocked,
    backlog,
    expected: expectations(now, home, model, history),
    history: historyResource(history),
  };
  return { status: 200, body };
}

/** The queue as dispatch would see it. */
async function viewOf({ store }: Pick<ApiDeps, 'store'>, queue: Queue): Promise<QueueView> {
  const where = { state: 'queued', home: queue.name } as const;
  const [slots, queued, head] = await Promise.all([
    store.query('slotsOfQueue', { queue: queue.name }, { limit: SLOTS }),
    store.count('backlog', where, MOST_COUNTED),
    store.query('backlog', where, { limit: 1 }),
  ]);
  const held = slots.items.map(({ data }) => data).filter(isHeldSlot);
  return {
    queued,
    held: held.length,
    arriving: held.filter(({ state }) => state !== 'ready').length,
    busy: held.reduce((sum, { jobs }) => sum + jobs.length, 0),
    oldestAgeMs: head.readAtMs - (head.items[0]?.data.queuedAtMs ?? head.readAtMs),
    max: queue.pool.max,
    expectedBootMs: queue.expectedBootMs,
    expectedRunMs: queue.expectedRunMs,
  };
}

/** @param history the tenant's own, which goes for the jobs ahead as well where the pool has no other model */
function expectations(
  now: QueueView,
  queue: Queue,
  { hardware, expected }: Model,
  history: History,
): JobPlanResource['expected'] {
  const target = targetWorkers({ ...now, queued: now.queued + 1 });
  const ready = now.held - now.arriving;
  const busy = Math.min(now.busy, ready);
  const idle = ready - busy;
  const booting = now.arriving + Math.max(0, target.workers - now.held);
  const boot = figureOf(history.bootMs, queue.expectedBootMs);
  const run = figureOf(history.runMs, expected.runSeconds * SECOND);
  const ahead = figureOf(queue.models.length === 1 ? history.runMs : null, queue.expectedRunMs);
  const waitMs = expectedWaitMs({ idle, busy, booting, ahead: now.queued, bootMs: boot.ms, runMs: ahead.ms });
  // A boot is billed with the first job of its worker.
  const isCold = idle === 0 && now.queued < booting;
  const bootMs = isCold ? boot.ms : 0;
  const price = priceOf(hardware);
  return {
    basis: {
      wait: basisOf(boot, ahead),
      boot: boot.basis,
      run: run.basis,
      cost: isCold ? basisOf(boot, run) : run.basis,
    },
    // Exact, it would count the jobs of others.
    waitSeconds: coarseMs(waitMs) / SECOND,
    bootSeconds: bootMs / SECOND,
    runSeconds: run.ms / SECOND,
    costUsd: expectedCostUsd(hardware, bootMs + run.ms),
    price: price === null ? null : { hardware, date: price.date, verified: price.verified },
  };
}

function historyResource({ jobs, fromMs, toMs, runMs, bootMs, loadMs, costUsd }: History): JobPlanResource['history'] {
  const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  const seconds = (spread: Spread | null): Spread | null =>
    spread === null ? null : { median: spread.median / SECOND, p90: spread.p90 / SECOND };
  return {
    jobs,
    from: iso(fromMs),
    to: iso(toMs),
    runSeconds: seconds(runMs),
    bootSeconds: seconds(bootMs),
    loadSeconds: seconds(loadMs),
    costUsd,
  };
}
