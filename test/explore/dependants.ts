import type { Job } from '../../domain/contract/job.ts';
import { create, refs, slotId, type Write } from '../../domain/ports.ts';
import { newSlot } from '../../domain/slot.policy.ts';
import { NEVER_MS } from '../../domain/time.ts';
import { sha256, type Session } from '../../functions/worker/session.ts';
import { START_MS } from './explorer.ts';
import { jobsIn } from './invariants.ts';
import { docsOf, job, QUEUE, scenario } from './plan.ts';
import type { World } from './world.ts';

const sessionOf = (index: number): Session => ({ slot: slotId(QUEUE, index), fence: 1, key: String(index).repeat(64) });

/** A job that is running on its slot. */
const parent = (id: string, index: number): Job => ({
  ...job(id),
  state: 'running',
  version: 2,
  attempt: 1,
  holder: { slot: slotId(QUEUE, index), fence: 1, attempt: 1 },
  startedAtMs: START_MS,
});

const PARENTS = [parent('p1', 0), parent('p2', 1)];

const CHILD: Job = {
  ...job('child'),
  state: 'blocked',
  reason: 'dependency',
  untilMs: NEVER_MS,
  queuedAtMs: null,
  input: { from: null },
  inputFrom: [{ pointer: '/from', job: 'p2', path: '/by' }],
  dependsOn: ['p1', 'p2'],
};

function running(one: Job, index: number): Write[] {
  const { slot, fence, key } = sessionOf(index);
  const held = { state: 'ready' as const, fence, jobs: [one.id], execution: `worker of ${one.id}` };
  return [
    create(refs.job(one.id), one),
    create(refs.event(one.id, 2), eventOf(one)),
    create(refs.slot(slot), { ...newSlot(QUEUE, index), ...held, sessionHash: sha256(key), readyAtMs: START_MS }),
  ];
}

const eventOf = ({ id, tenant }: Job) => ({
  schema: 1 as const,
  jobId: id,
  tenant,
  seq: 2,
  from: 'queued' as const,
  to: 'running' as const,
  attempt: 1,
  reason: null,
  error: null,
  open: false,
  atMs: START_MS,
});

function startedOnce({ docs, nudges }: World): string | null {
  const child = jobsIn(docs).find(({ id }) => id === CHILD.id);
  const from = (child?.input as { from?: unknown } | undefined)?.from;
  const is = `${child?.state} at version ${child?.version} with ${String(from)}, announced ${nudges} times`;
  const wanted = `queued at version 2 with ${slotId(QUEUE, 1)}/1/1, announced 1 times`;
  return is === wanted ? null : `the job that waited is ${is}`;
}

/** Two parents that finish at any moment beside the birth of a job that waits for both. */
export const dependants = scenario({
  name: 'dependants',
  title: 'a job that waits for two is queued exactly once, whenever they finish beside its submission',
  stored: 0,
  submits: 0,
  max: 2,
  mostHeld: 2,
  dispatchers: 0,
  settles: true,
  start: docsOf(PARENTS.flatMap(running)),
  more: (actors) => [
    actors.submitDependent(CHILD),
    ...PARENTS.map((one, index) => actors.finishing(sessionOf(index), one)),
  ],
  budget: {},
  atRest: startedOnce,
});
