import { describe, expect, test } from '@jest/globals';
import { JobState, type Job, type JobEvent } from '../../domain/contract/job.ts';
import { IllegalMoveError } from '../../domain/errors.ts';
import type { Write } from '../../domain/ports.ts';
import { born, canMove, isTerminal, move, TRANSITIONS } from '../../domain/state.ts';
import { NEVER_MS } from '../../domain/time.ts';
import { makeJob, snapshotOf, T0 } from './make-job.ts';

const to = (collection: string, writes: readonly Write[]) =>
  writes.find((write) => write.ref.collection === collection);
const patchOf = (writes: readonly Write[]): Partial<Job> => (to('jobs', writes) as { patch: Partial<Job> }).patch;
const eventOf = (writes: readonly Write[]): JobEvent => (to('events', writes) as { data: JobEvent }).data;

/** Written out by hand from the design, so that the table in the code is compared with something. */
const LEGAL = new Set([
  'blocked>queued', 'blocked>blocked', 'blocked>canceled', 'blocked>expired', 'blocked>failed',
  'queued>running', 'queued>blocked', 'queued>canceled', 'queued>expired', 'queued>failed',
  'running>succeeded', 'running>failed', 'running>canceling', 'running>queued', 'running>blocked',
  'canceling>canceled',
]); // prettier-ignore

const PAIRS = JobState.options.flatMap((from) => JobState.options.map((to) => [from, to] as const));

describe('the transition table', () => {
  test.each(PAIRS)('%s -> %s is allowed or refused as designed', (from, to) => {
    const read = snapshotOf(makeJob({ state: from, attempt: 0 }));
    const legal = LEGAL.has(`${from}>${to}`);
    expect(canMove(from, to)).toBe(legal);
    if (legal) {
      const writes = move(read, to, T0, { reason: 'backoff', untilMs: T0 + 1 });
      expect(patchOf(writes)).toMatchObject({ state: to, version: 2 });
      expect(eventOf(writes)).toMatchObject({ from, to, seq: 2, open: true, atMs: T0 });
    } else {
      expect(() => move(read, to, T0)).toThrow(IllegalMoveError);
    }
  });

  test('exactly the states without a way out are terminal', () => {
    const terminal = JobState.options.filter(isTerminal);
    expect(terminal).toEqual(['succeeded', 'failed', 'canceled', 'expired']);
    for (const state of terminal) expect(TRANSITIONS[state]).toEqual([]);
  });

  test('a job of which an attempt ran cannot expire', () => {
    expect(() => move(snapshotOf(makeJob({ state: 'queued', attempt: 1 })), 'expired', T0)).toThrow(IllegalMoveError);
  });
});

describe('a move', () => {
  const holder = { slot: 's', fence: 1, attempt: 1 };

  test('creates the event of the new version, then writes the job under its read etag', () => {
    const writes = move(snapshotOf(makeJob({ version: 6 })), 'canceled', T0);
    expect(writes.map((write) => [write.kind, write.ref.path])).toEqual([
      ['create', 'jobs/job1/events/7'],
      ['update', 'jobs/job1'],
    ]);
  });

  test.each([
    ['queued', { holder: null, queuedAtMs: T0 + 5 }],
    ['succeeded', { holder: null, finishedAtMs: T0 + 5, error: null }],
    ['failed', { holder: null, finishedAtMs: T0 + 5 }],
  ] as const)('out of running into %s drops the holder and sets its times', (to, expected) => {
    const read = snapshotOf(makeJob({ state: 'running', attempt: 1, holder }));
    expect(patchOf(move(read, to, T0 + 5))).toMatchObject(expected);
  });

  test('into canceling keeps the holder, so that its worker can still end it', () => {
    const read = snapshotOf(makeJob({ state: 'running', attempt: 1, holder }));
    expect(patchOf(move(read, 'canceling', T0))).not.toHaveProperty('holder');
  });

  test('into blocked carries reason and time; out of it both are cleared', () => {
    const blocked = patchOf(move(snapshotOf(makeJob()), 'blocked', T0, { reason: 'backoff', untilMs: T0 + 60 }));
    expect(blocked).toMatchObject({ reason: 'backoff', untilMs: T0 + 60 });
    const queued = patchOf(move(snapshotOf(makeJob({ state: 'blocked', reason: 'backoff' })), 'queued', T0));
    expect(queued).toMatchObject({ reason: null, untilMs: NEVER_MS });
  });
});

test('a job is born with event 1 in the same commit', () => {
  const writes = born(makeJob());
  expect(writes.map((write) => [write.kind, write.ref.path])).toEqual([
    ['create', 'jobs/job1'],
    ['create', 'jobs/job1/events/1'],
  ]);
  expect(eventOf(writes)).toMatchObject({ from: null, to: 'queued', seq: 1, attempt: 0 });
});
