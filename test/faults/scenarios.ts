import type { JobState } from '../../domain/contract/job.ts';
import { QUEUE } from './catalogue.ts';
import type { Client } from './client.ts';
import { WEBHOOK_SECRET, WEBHOOK_URL } from './receiver.ts';

/** A part of the life of jobs, small enough that each of its calls can be broken in each way. */
export interface Scenario {
  readonly name: string;
  /** What holds, as a test's title says it. */
  readonly title: string;
  /** Workers of the one queue at most, and how long one waits for a further job. */
  readonly max: number;
  readonly idleSeconds: number;
  /** Sweep is part of it; elsewhere it comes only once nothing moves any more. */
  readonly isSwept: boolean;
  /** From one sweep of it to the next. */
  readonly sweepEverySeconds: number;
  /** Every message and every trigger is lost. */
  readonly isLossy: boolean;
  /** Launches, the first ones, that start nothing and of which nobody can tell. */
  readonly lostLaunches: number;
  /** Each call takes a millisecond, and a function that has rounds to go has time for one of them. */
  readonly isHasty: boolean;
  /** How long a worker takes from its last look at the queue until it gives its slot back. */
  readonly leaveMs: number;
  /** Jobs of the tenant that may run at once; null where it has no limit. */
  readonly runningLimit: number | null;
  /** Jobs that ended long ago are there before it begins, some of which are due to be purged. */
  readonly hasOldJobs: boolean;
  /** How the receiver of webhooks answers at first. */
  readonly statuses: readonly number[];
  /** What each client does, all at once. */
  readonly clients: readonly ((client: Client) => Promise<void>)[];
  /** The states that each job may end in, by its tag; without faults it ends in the first. */
  readonly ends: Readonly<Record<string, readonly JobState[]>>;
}

const scenario = (given: Pick<Scenario, 'name' | 'title' | 'clients' | 'ends'> & Partial<Scenario>): Scenario => ({
  max: 1,
  idleSeconds: 0,
  isSwept: false,
  sweepEverySeconds: 61,
  isLossy: false,
  lostLaunches: 0,
  isHasty: false,
  leaveMs: 0,
  runningLimit: null,
  hasOldJobs: false,
  statuses: [],
  ...given,
});

const webhook = (...events: readonly string[]) => ({ url: WEBHOOK_URL, secret: WEBHOOK_SECRET, events });

const cancelWhen =
  (moment: 'computing' | 'finishing') =>
  async (client: Client): Promise<void> => {
    const id = await client.submit('job', {
      script: { reports: true, computeSeconds: 30 },
      webhook: webhook('job.canceled', 'job.succeeded'),
    });
    await client.heard(moment, 'job');
    if (id !== null) await client.cancel(id);
  };

/** Each part of a job's life once; what is broken in it, one call at a time, stands in exhaustive.ts. */
export const SCENARIOS: readonly Scenario[] = [
  scenario({
    name: 'one-job',
    title: 'a job with a file and webhooks is run, waited for and told of',
    idleSeconds: 5,
    clients: [
      async (client) => {
        const id = await client.submit('job', {
          script: { artifact: true, reports: true, computeSeconds: 20 },
          webhook: webhook('job.started', 'job.succeeded', 'job.failed'),
        });
        if (id !== null) await client.wait(id);
      },
    ],
    ends: { job: ['succeeded'] },
  }),
  scenario({
    name: 'keyed',
    title: 'a submission that is sent again until its answer is clear, by two clients at once, makes one job',
    clients: [
      async (client) => void (await client.submit('job', { key: 'k', tries: 4 })),
      async (client) => void (await client.submit('job', { key: 'k', tries: 4 })),
    ],
    ends: { job: ['succeeded'] },
  }),
  scenario({
    name: 'dependent',
    title: 'a job that takes the outputs of two others starts after both, once, on what they made',
    max: 2,
    clients: [
      async (client) => {
        const [one, other] = await Promise.all([
          client.submit('one'),
          client.submit('other', { script: { computeSeconds: 2 } }),
        ]);
        if (one !== null && other !== null) await client.submit('child', { parents: [one, other] });
      },
    ],
    ends: { one: ['succeeded'], other: ['succeeded'], child: ['succeeded'] },
  }),
  scenario({
    name: 'cancel-queued',
    title: 'a job that is canceled before a worker has it, or just then, ends once',
    clients: [
      async (client) => {
        const id = await client.submit('job', {
          script: { reports: true, computeSeconds: 30 },
          webhook: webhook('job.canceled', 'job.succeeded'),
        });
        if (id !== null) await client.cancel(id);
      },
    ],
    ends: { job: ['canceled', 'succeeded'] },
  }),
  scenario({
    name: 'cancel-running',
    title: 'a job that is canceled while a worker computes it ends as canceled, by its worker or without it',
    clients: [cancelWhen('computing')],
    ends: { job: ['canceled', 'succeeded'] },
  }),
  scenario({
    name: 'cancel-finishing',
    title: 'a cancellation that races the finish leaves one end, and what the client was told is true',
    clients: [cancelWhen('finishing')],
    ends: { job: ['canceled', 'succeeded'] },
  }),
  scenario({
    name: 'retry',
    title: 'an attempt that crashes is followed by another at once, and by a third after its backoff',
    isSwept: true,
    sweepEverySeconds: 125,
    clients: [async (client) => void (await client.submit('job', { script: { plan: ['crash', 'crash'] } }))],
    ends: { job: ['succeeded'] },
  }),
  scenario({
    name: 'failed-parent',
    title: 'a job whose attempts are spent fails once, and so does the one that waits for it',
    clients: [
      async (client) => {
        const script = { plan: ['crash', 'crash', 'crash', 'crash'] as const };
        const parent = await client.submit('parent', { script, maxAttempts: 1 });
        if (parent !== null) await client.submit('child', { parents: [parent] });
      },
    ],
    ends: { parent: ['failed'], child: ['failed'] },
  }),
  scenario({
    name: 'lost-worker',
    title: 'a worker whose lease runs out in the middle of a job loses it to the next one, whatever it says later',
    isSwept: true,
    clients: [
      async (client) => {
        await client.submit('job', { script: { plan: ['stall'], reports: true, artifact: true, computeSeconds: 65 } });
      },
    ],
    ends: { job: ['succeeded'] },
  }),
  scenario({
    name: 'lost-launch',
    title:
      'a launch of which nobody can tell is not made again; its slot is given up in time, and the job has its worker',
    isSwept: true,
    sweepEverySeconds: 95,
    lostLaunches: 1,
    clients: [async (client) => void (await client.submit('job'))],
    ends: { job: ['succeeded'] },
  }),
  scenario({
    name: 'webhook-retry',
    title: 'a receiver that fails twice is told a third time, by schedule, with the same words',
    isSwept: true,
    sweepEverySeconds: 340,
    statuses: [500, 503],
    clients: [async (client) => void (await client.submit('job', { webhook: webhook('job.succeeded', 'job.failed') }))],
    ends: { job: ['succeeded'] },
  }),
  scenario({
    name: 'wake-up',
    title: 'a job that is submitted while the only worker looks for the last time and leaves is not left behind',
    clients: [
      async (client) => void (await client.submit('first')),
      async (client) => {
        await client.heardLeaving(QUEUE);
        await client.submit('second');
      },
    ],
    ends: { first: ['succeeded'], second: ['succeeded'] },
  }),
  scenario({
    name: 'many-dependants',
    title: 'a failed job with more dependants than one answer has time for ends each of them, page by page',
    isHasty: true,
    clients: [
      async (client) => {
        const parent = await client.submit('parent', {
          script: { plan: ['crash', 'crash', 'crash', 'crash'] },
          maxAttempts: 1,
        });
        const tags = parent === null ? [] : ['one', 'two', 'three'];
        await Promise.all(tags.map((tag) => client.submit(tag, { parents: parent === null ? [] : [parent] })));
      },
    ],
    ends: { parent: ['failed'], one: ['failed'], two: ['failed'], three: ['failed'] },
  }),
  scenario({
    name: 'hasty-look',
    title: 'a job that is submitted while a worker leaves, and looked at by one whose time is up, is not left behind',
    max: 2,
    isHasty: true,
    leaveMs: 25,
    clients: [
      async (client) => void (await client.submit('first')),
      async (client) => {
        await client.heardLeaving(QUEUE);
        const id = await client.submit('second');
        // Time passes with calls: these let the worker leave while the look at the queue is held back.
        for (let looks = 6; looks > 0 && id !== null; looks -= 1) await client.look(id);
      },
    ],
    ends: { first: ['succeeded'], second: ['succeeded'] },
  }),
  scenario({
    name: 'tenant-limit',
    title: 'of a tenant that may have one job running the others wait, for one another and for nothing else',
    max: 2,
    runningLimit: 1,
    clients: [
      async (client) => void (await client.submit('first', { script: { computeSeconds: 2 } })),
      async (client) => void (await client.submit('second', { script: { computeSeconds: 2 } })),
      async (client) => {
        await client.heard('computing', 'first');
        const id = await client.submit('third', { script: { plan: ['crash'] } });
        if (id !== null) await client.submit('fourth');
      },
    ],
    ends: { first: ['succeeded'], second: ['succeeded'], third: ['succeeded'], fourth: ['succeeded'] },
  }),
  scenario({
    name: 'purge',
    title:
      'a job is purged at the end of its time, its document last, and a tombstone at the end of its own; no other job is touched',
    isSwept: true,
    hasOldJobs: true,
    clients: [],
    ends: {},
  }),
  scenario({
    name: 'sweep-alone',
    title: 'with every message and trigger lost, sweep alone gets a job and its dependant ended, settled and told of',
    isSwept: true,
    isLossy: true,
    clients: [
      async (client) => {
        const parent = await client.submit('parent');
        if (parent !== null) await client.submit('child', { parents: [parent], webhook: webhook('job.succeeded') });
      },
    ],
    ends: { parent: ['succeeded'], child: ['succeeded'] },
  }),
];
