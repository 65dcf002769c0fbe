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
import type { NewActor, Scenario } from './world.ts';

const QUEUE = 'noop@local';
const SLOT = slotId(QUEUE, 0);

const SHORT = { expectedBootMs: MINUTE, expectedRunMs: SECOND };
const LONG = { expectedBootMs: SECOND, expectedRunMs: MINUTE };

export const job = (id: string): Job =>
  makeJob({
    id,
    rank: START_MS,
    createdAtMs: START_MS,
    queuedAtMs: START_MS,
    startByMs: START_MS + 30 * DAY,
  });

type Plan = Omit<
  Scenario,
  'start' | 'stored' | 'actors' | 'dispatcher' | 'worker' | 'sweeper' | 'due' | 'repeatedFinish'
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
  const launched = plan.launched === true ? [actors.worker(launch, `${SLOT}#1a`)] : [];
  const reserved = {
    ...newSlot(QUEUE, 0),
    state: 'starting' as const,
    fence: 1,
    ticketHash: sha256(launch.ticket),
    execution: `${SLOT}#1a`,
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
    repeatedFinish: (id, about) => actors.repeatedFinish(id, about),
  };
}

function docsOf(writes: readonly Write[]): Docs {
  const done = commit([], writes, START_MS);
  if (done.kind === 'refused') throw new Error(`${done.path} ${done.found}`);
  return done.docs;
}

export const SCENARIOS: readonly Scenario[] = [
  scenario({
    name: 'wake-up',
    title: 'a job submitted while a worker looks for the last time and leaves is not left behind',
    stored: 1,
    submits: 1,
    max: 1,
    mostHeld: 1,
    dispatchers: 1,
    budget: {},
  }),
  scenario({
    name: 'unclear-release',
    title: 'a release whose answer is lost is looked after all the same: the job that came meanwhile has its worker',
    stored: 1,
    submits: 1,
    max: 1,
    mostHeld: 1,
    dispatchers: 1,
    budget: { unclear: 1 },
  }),
  scenario({
    name: 'misreported-launch',
    title: 'a launch that fails, or says so though its worker is ready, never makes two workers under max 1',
    stored: 1,
    submits: 0,
    max: 1,
    mostHeld: 1,
    launches: ['started_two', 'failed', 'failed_but_started', 'ambiguous', 'ambiguous_but_started'],
    budget: { launch: 2, duplicate: 1 },
  }),
  scenario({
    name: 'unclear-ready-of-twins',
    title: 'of two executions of one launch one gets the session, even if the answer to it is lost',
    stored: 1,
    submits: 0,
    max: 1,
    mostHeld: 1,
    launches: ['started_two'],
    budget: { launch: 1, unclear: 1 },
  }),
  scenario({
    name: 'stale-worker',
    title: 'a worker whose slot was handed on claims and finishes nothing, whenever its late calls arrive',
    stored: 1,
    submits: 0,
    max: 1,
    mostHeld: 1,
    dispatchers: 1,
    more: (actors) => [actors.calledWith({ slots: [SLOT] })],
    budget: { leap: 1 },
  }),
  scenario({
    name: 'sweep-beside-live-work',
    title: 'a sweep at any moment takes no job from a worker that lives, though the job was tried before',
    stored: 1,
    submits: 0,
    max: 1,
    mostHeld: 1,
    dispatchers: 1,
    launched: true,
    firstAttemptFails: true,
    more: (actors) => [actors.sweeper('sweep 1')],
    budget: {},
  }),
  scenario({
    name: 'crash-anywhere',
    title: 'whoever stops between any two steps, sweep alone gets every job ended and every slot free',
    stored: 1,
    submits: 1,
    max: 1,
    mostHeld: 1,
    dispatchers: 1,
    budget: { crash: 1 },
  }),
  scenario({
    name: 'triggers-off',
    title: 'with every nudge lost, sweeps that overlap get every job ended and start no worker too many',
    stored: 1,
    submits: 0,
    max: 1,
    mostHeld: 1,
    triggers: false,
    more: (actors) => [actors.sweeper('sweep 1'), actors.sweeper('sweep 2')],
    budget: {},
  }),
  scenario({
    name: 'storm',
    title: 'a storm of nudges for one job starts one worker',
    stored: 1,
    submits: 0,
    max: 2,
    mostHeld: 1,
    budget: { duplicate: 1 },
  }),
  scenario({
    name: 'long-runs',
    title: 'two jobs that outlast a boot have two workers at once, whichever dispatcher loses a try, and never three',
    ...LONG,
    computes: true,
    longRuns: true,
    stored: 1,
    submits: 1,
    max: 2,
    mostHeld: 2,
    dispatchers: 1,
    budget: {},
  }),
  scenario({
    name: 'repeated-finish',
    title: 'a finish that arrives again while the job is tried anew, by anyone, does not end that attempt',
    ...LONG,
    firstAttemptFails: true,
    stored: 1,
    submits: 0,
    max: 2,
    mostHeld: 1,
    dispatchers: 1,
    budget: { repeat: 1 },
  }),
  scenario({
    name: 'ticket',
    title: 'who knows a slot and its fence but not its ticket gets no session',
    stored: 1,
    submits: 0,
    max: 1,
    mostHeld: 1,
    more: (actors) => [actors.impostor(SLOT, 1)],
    budget: {},
  }),
  scenario({
    name: 'cancel',
    title: 'a cancellation at any moment ends the job once, also when its worker dies',
    stored: 1,
    submits: 0,
    max: 1,
    mostHeld: 1,
    dispatchers: 1,
    more: (actors) => [actors.cancel('j1')],
    budget: { crash: 1, leap: 1 },
  }),
];
