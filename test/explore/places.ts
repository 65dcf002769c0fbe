import type { Job } from '../../domain/contract/job.ts';
import type { Tenant } from '../../domain/contract/tenant.ts';
import { create, refs, slotId, type Write } from '../../domain/ports.ts';
import { newSlot } from '../../domain/slot.policy.ts';
import { born, isHeld } from '../../domain/state.ts';
import { sha256, type Session } from '../../functions/worker/session.ts';
import { find } from './documents.ts';
import { START_MS } from './explorer.ts';
import { jobsIn } from './invariants.ts';
import { docsOf, job, QUEUE, scenario } from './plan.ts';
import type { Scenario, World } from './world.ts';

const TENANT = 'lab';

const sessionOf = (index: number, queue = QUEUE): Session => ({
  slot: slotId(queue, index),
  fence: 1,
  key: String(index).repeat(64),
});
const limited = (id: string, more: Partial<Job> = {}): Job => ({ ...job(id), tenant: TENANT, limited: true, ...more });

const RUNNING = limited('j1', {
  state: 'running',
  version: 2,
  attempt: 1,
  holder: { slot: slotId(QUEUE, 0), fence: 1, attempt: 1 },
  startedAtMs: START_MS,
  place: 0,
});
/** Of a time when more of them could run. */
const BEYOND: Job = { ...RUNNING, place: 2 };
/** The same tenant's next one, which has no place to go to, and another tenant's behind it. */
const NEXT = limited('j2');
/** And one of another queue, where a claim comes to it at once. */
const ELSEWHERE = 'noop@elsewhere';
const ANOTHER = limited('j5', { queues: [ELSEWHERE], home: ELSEWHERE });
const OTHERS = { ...job('j3'), rank: START_MS + 1 };
const WAITING = limited('j4', { state: 'blocked', reason: 'tenant_limit', queuedAtMs: null, rank: START_MS + 2 });

const held = (index: number, jobs: readonly string[], queue = QUEUE): Write =>
  create(refs.slot(sessionOf(index, queue).slot), {
    ...newSlot(queue, index),
    state: 'ready',
    fence: 1,
    jobs: [...jobs],
    execution: `worker ${index}`,
    sessionHash: sha256(sessionOf(index).key),
    readyAtMs: START_MS,
  });

const tenantOf = (running: number): Write =>
  create(refs.tenant(TENANT), {
    schema: 1,
    id: TENANT,
    title: 'The lab',
    accounts: [],
    limits: { running, queued: null },
    keyChanges: 0,
    createdAtMs: START_MS,
  });
const tenant = tenantOf(1);

const running: readonly Write[] = [
  create(refs.job(RUNNING.id), RUNNING),
  create(refs.place(TENANT, 0), { schema: 1, tenant: TENANT, index: 0, job: RUNNING.id }),
  held(0, [RUNNING.id]),
];

/** No job waits for a place while one is free and nobody queued is on the way to it; who is queued was announced. */
function filled({ docs, nudges }: World): string | null {
  const jobs = jobsIn(docs);
  const limit = (find(docs, refs.tenant(TENANT).path)?.data as unknown as Tenant).limits?.running ?? Infinity;
  const onTheWay = jobs.filter((one) => one.limited === true && (isHeld(one.state) || one.state === 'queued')).length;
  const waiting = jobs.filter(({ reason }) => reason === 'tenant_limit').map(({ id }) => id);
  if (waiting.length > 0 && onTheWay < limit) return `${waiting.join()} waits beside a free place`;
  const queued = jobs.filter(({ state, version }) => state === 'queued' && version > 1).map(({ id }) => id);
  // A claim was made, of one of these two.
  const hidden = jobs.some(({ id, state }) => id === OTHERS.id && state === 'queued');
  if (hidden && jobs.every(({ id, attempt }) => id !== NEXT.id || attempt === 0)) return `${OTHERS.id} is hidden`;
  return queued.length > 0 && nudges === 0 ? `${queued.join()} is queued, and nobody was told` : null;
}

const places = (
  plan: Pick<Scenario, 'name' | 'title' | 'budget'> & Partial<Parameters<typeof scenario>[0]>,
): Scenario =>
  scenario({
    stored: 0,
    submits: 0,
    max: 2,
    mostHeld: 2,
    dispatchers: 0,
    settles: true,
    triggersLooks: true,
    takesOne: true,
    atRest: filled,
    ...plan,
  });

/** The first is being finished, and a claim comes to the next. */
const TWO: Pick<Parameters<typeof scenario>[0], 'start' | 'more'> = {
  start: docsOf([tenant, ...running, held(1, []), ...born(NEXT)]),
  more: (actors) => [actors.working('worker 0', sessionOf(0), RUNNING), actors.working('worker 1', sessionOf(1), null)],
};

/** A tenant that may have one job running, of whose jobs the next comes to the head of the queue while the first is finished. */
export const PLACES: readonly Scenario[] = [
  places({
    name: 'places',
    title:
      'a tenant never has more jobs running than it may, hides no other’s, and has its next one queued when a place is free',
    start: docsOf([tenant, ...running, held(1, []), ...[NEXT, OTHERS].flatMap(born)]),
    more: (actors) => [
      actors.working('worker 0', sessionOf(0), RUNNING),
      actors.working('worker 1', sessionOf(1), null),
    ],
    budget: {},
  }),
  places({
    name: 'places-unclear',
    title: 'nor does an answer that is lost on the way leave a place empty beside a job that waits',
    ...TWO,
    budget: { unclear: 1 },
  }),
  places({
    name: 'places-crash',
    title: 'whoever stops between two steps of it, sweep alone gets every job ended and every place given up',
    ...TWO,
    budget: { crash: 1 },
  }),
  places({
    name: 'places-two',
    title: 'a job that is claimed while a place is filled is not counted twice: both places have their job',
    start: docsOf([tenantOf(2), ...running, held(1, []), ...[NEXT, WAITING].flatMap(born)]),
    more: (actors) => [
      actors.working('worker 0', sessionOf(0), RUNNING),
      actors.working('worker 1', sessionOf(1), null),
    ],
    neverDone: 'worker 1',
    budget: {},
  }),
  places({
    name: 'places-canceled',
    title: 'a job that is canceled on its way to a place leaves it to the next that waits',
    start: docsOf([tenant, held(1, []), ...[NEXT, WAITING].flatMap(born)]),
    more: (actors) => [actors.cancel(NEXT.id), actors.working('worker 1', sessionOf(1), null)],
    budget: {},
  }),
  places({
    name: 'places-lowered',
    title:
      'a limit that is lowered while claims are made holds for each that has read it, whichever places it finds free',
    start: docsOf([
      tenantOf(3),
      create(refs.job(BEYOND.id), BEYOND),
      create(refs.place(TENANT, 2), { schema: 1, tenant: TENANT, index: 2, job: BEYOND.id }),
      held(0, [BEYOND.id]),
      held(1, []),
      held(2, [], ELSEWHERE),
      ...[NEXT, ANOTHER].flatMap(born),
    ]),
    otherQueue: ELSEWHERE,
    max: 3,
    mostHeld: 3,
    more: (actors) => [
      actors.working('worker 0', sessionOf(0), BEYOND),
      actors.working('worker 1', sessionOf(1), null),
      actors.working('worker 2', sessionOf(2, ELSEWHERE), null),
      actors.limit(TENANT, 2),
    ],
    picks: { 'worker 2': 0.99 },
    // Looks are explored above; their triggers would make it millions of worlds.
    triggersLooks: false,
    atRest: () => null,
    budget: {},
  }),
];

export const DEEP_PLACES: readonly Scenario[] = [
  places({
    name: 'deep-places',
    title: 'an answer that is lost and one that stops, in the same life',
    ...TWO,
    budget: { unclear: 1, crash: 1 },
  }),
];
