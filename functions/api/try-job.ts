import type { JobPlanResource } from '../../domain/contract/http.ts';
import type { Model, Queue } from '../../domain/contract/model.ts';
import { expectedCostUsd, expectedWaitMs } from '../../domain/expect.policy.ts';
import { PRICES } from '../../domain/prices.ts';
import { isHeldSlot } from '../../domain/slot.policy.ts';
import { targetWorkers, type QueueView } from '../../domain/target.policy.ts';
import { SECOND } from '../../domain/time.ts';
import { RequestError } from '../../domain/errors.ts';
import type { ApiDeps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import { parseStrictJson } from '../http/strict-json.ts';
import { planJob } from '../submit/plan-job.ts';
import { readJobRequest } from '../submit/read-request.ts';
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
  const now = await viewOf(deps, home);
  const body: JobPlanResource = {
    model: job.model,
    pool: job.pool,
    queues: job.queues,
    blocked: jobSummary(deps, job).blocked,
    backlog: now.queued,
    ...expectations(now, home, model),
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

function expectations(
  now: QueueView,
  queue: Queue,
  { hardware, expected }: Model,
): Pick<JobPlanResource, 'expected' | 'history' | 'target'> {
  const target = targetWorkers({ ...now, queued: now.queued + 1 });
  const ready = now.held - now.arriving;
  const busy = Math.min(now.busy, ready);
  const idle = ready - busy;
  const booting = now.arriving + Math.max(0, target.workers - now.held);
  const waitMs = expectedWaitMs({
    idle,
    busy,
    booting,
    ahead: now.queued,
    bootMs: queue.expectedBootMs,
    runMs: queue.expectedRunMs,
  });
  // A boot is billed with the first job of its worker.
  const bootMs = idle === 0 && now.queued < booting ? queue.expectedBootMs : 0;
  const price = PRICES[hardware];
  return {
    expected: {
      basis: 'declared',
      waitSeconds: waitMs / SECOND,
      bootSeconds: bootMs / SECOND,
      runSeconds: expected.runSeconds,
      costUsd: expectedCostUsd(hardware, bootMs + expected.runSeconds * SECOND),
      price: price === undefined ? null : { hardware, date: price.date, verified: price.verified },
    },
    history: { jobs: 0 },
    target,
  };
}
