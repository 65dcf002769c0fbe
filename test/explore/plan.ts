import type { Job } from '../../domain/contract/job.ts';
import { DAY, MINUTE, SECOND } from '../../domain/time.ts';
import { born } from '../../domain/state.ts';
import { makeJob } from '../domain/make-job.ts';
import { Actors, type Behaviour } from './actors.ts';
import { sha256 } from '../../functions/worker/session.ts';
import { create, refs, slotId, type Write } from '../../domain/ports.ts';
import { newSlot } from '../../domain/slot.policy.ts';
import { commit, type Docs } from './documents.ts';
import { START_MS } from './explorer.ts';
import { executionName, type NewActor, type Scenario } from './world.ts';

export const QUEUE = 'noop@local';
export const SLOT = slotId(QUEUE, 0);

const SHORT = { expectedBootMs: MINUTE, expectedRunMs: SECOND };
export const LONG = { expectedBootMs: SECOND, expectedRunMs: MINUTE };

export const job = (id: string): Job =>
  makeJob({
    id,
    rank: START_MS,
    createdAtMs: START_MS,
    queuedAtMs: START_MS,
    startByMs: START_MS + 30 * DAY,
  });

/** A scenario, but for what follows from its numbers. */
type Plan = Omit<
  Scenario,
  'start' | 'stored' | 'actors' | 'dispatcher' | 'worker' | 'sweeper' | 'due' | 'repeatedFinish' | 'settler'
> &
  Partial<Omit<Behaviour, 'queue' | 'max'>> & {
    readonly stored?: number;
    /** The nudge of the first stored job was worked on already: its worker is about to begin. */
    readonly launched?: boolean;
    readonly more?: (actors: Actors) => NewActor[];
    readonly start?: Scenario['start'];
  };

export function scenario(plan: Plan): Scenario {
  const actors = new Actors({ queue: QUEUE, ...SHORT, ...plan });
  const stored = plan.stored ?? 0;
  const jobs = Array.from({ length: stored + plan.submits }, (_, index) => job(`j${index + 1}`));
  const launch = { queue: QUEUE, slot: SLOT, fence: 1, ticket: 'd'.repeat(64) };
  const launched = plan.launched === true ? [actors.worker(launch, executionName(SLOT, 1, 'a'))] : [];
  const reserved = {
    ...newSlot(QUEUE, 0),
    state: 'starting' as const,
    fence: 1,
    ticketHash: sha256(launch.ticket),
    execution: executionName(SLOT, 1, 'a'),
    reservedAtMs: START_MS,
  };
  const slots = launched.map(() => create(refs.slot(SLOT), reserved));
  return {
    ...plan,
    stored: stored - launched.length,
    start: plan.start ?? docsOf([...jobs.slice(0, stored).flatMap(born), ...slots]),
    actors: [...launched, ...jobs.slice(stored).map((one) => actors.submit(one)), ...(plan.more?.(actors) ?? [])],
    dispatcher: (id) => actors.dispatcher(id),
    worker: (request, execution) => actors.worker(request, execution),
    sweeper: (id) => actors.sweeper(id),
    due: (id, to, ids) => actors.due(id, to, ids),
    settler: (path, event) => actors.settler(path, event),
    repeatedFinish: (id, about) => actors.repeatedFinish(id, about),
  };
}

export function docsOf(writes: readonly Write[]): Docs {
  const done = commit([], writes, START_MS);
  if (done.kind === 'refused') throw new Error(`${done.path} ${done.found}`);
  return done.docs;
}
