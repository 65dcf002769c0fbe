import { describe, expect, test } from '@jest/globals';
import type { Attempt, ErrorKind } from '../../domain/contract/job.ts';
import { ErrorKind as ErrorKinds } from '../../domain/contract/job.ts';
import type { SlotState } from '../../domain/contract/slot.ts';
import { costOf } from '../../domain/cost.policy.ts';
import { priceOf } from '../../domain/hardware.ts';
import { rankOf } from '../../domain/rank.policy.ts';
import { decideRecovery } from '../../domain/recover.policy.ts';
import { decideRetry, ERROR_TABLE, type RetryView } from '../../domain/retry.policy.ts';
import { bootBackoffMs, bootFailuresOf, isResting, isSuspect, newSlot, sameWork } from '../../domain/slot.policy.ts';
import { backlogBound, targetWorkers, type QueueView } from '../../domain/target.policy.ts';
import { HOUR, MINUTE, SECOND } from '../../domain/time.ts';
import { snapshotOf, T0 } from './make-job.ts';

describe('the target', () => {
  const view = (over: Partial<QueueView>): QueueView => ({
    queued: 0, held: 0, arriving: 0, busy: 0, oldestAgeMs: 0, max: 4, expectedBootMs: 60 * SECOND, expectedRunMs: 40 * SECOND, ...over,
  }); // prettier-ignore
  test.each<[string, Partial<QueueView>, number]>([
    ['asks for nobody while nothing is queued', {}, 0],
    ['keeps the workers there are when nothing is queued', { held: 3 }, 3],
    ['starts the first worker for a single job at once', { queued: 1 }, 1],
    ['starts nobody where none may be', { queued: 5, max: 0 }, 0],
    ['waits for the one worker when the queue drains before another could boot', { queued: 1, held: 1 }, 1],
    ['adds a worker when the queue would outlast a boot', { queued: 3, held: 1 }, 2],
    [
      'counts the jobs that busy workers still have before them',
      { queued: 1, held: 2, busy: 2, expectedRunMs: HOUR },
      3,
    ],
    ['never asks for more workers than there are jobs', { queued: 1, held: 1, busy: 1, expectedRunMs: HOUR }, 2],
    [
      'adds one when a job has outwaited a boot all the same',
      { queued: 1, held: 1, busy: 1, oldestAgeMs: MINUTE + 1 },
      2,
    ],
    ['but not while one is on its way', { queued: 1, held: 2, busy: 1, arriving: 1, oldestAgeMs: HOUR }, 2],
    ['stops at max however long the queue', { queued: 1_000, held: 2 }, 4],
    ['does not shrink below what is held', { queued: 1, held: 4 }, 4],
  ])('%s', (_, over, expected) => {
    expect(targetWorkers(view(over)).workers).toBe(expected);
  });

  test('asking any number of times asks for the same', () => {
    const first = targetWorkers(view({ queued: 9, held: 1 })).workers;
    expect(targetWorkers(view({ queued: 9, held: first })).workers).toBe(first);
  });

  test('the backlog is counted far enough to reach max, and no further', () => {
    const bound = backlogBound(4, 60 * SECOND, 40 * SECOND);
    expect(targetWorkers(view({ queued: bound, held: 1 })).workers).toBe(4);
    expect(bound).toBeLessThan(20);
  });
});

describe('the rank', () => {
  test('orders jobs of one priority by age', () => {
    expect(rankOf(T0, 'normal')).toBeLessThan(rankOf(T0 + 1, 'normal'));
  });
  test('gives a higher priority a head start that waiting makes up for', () => {
    expect(rankOf(T0 + MINUTE, 'high')).toBeLessThan(rankOf(T0, 'normal'));
    expect(rankOf(T0 + HOUR, 'high')).toBeGreaterThan(rankOf(T0, 'normal'));
  });
});

describe('after a failed attempt', () => {
  const view = (kind: ErrorKind, over: Partial<RetryView> = {}): RetryView => ({
    error: { kind, message: '' }, attempt: 1, failures: 0, maxAttempts: 3, maxLost: 10, startByMs: T0 + HOUR,
    nowMs: T0, backoffMs: MINUTE, maxBackoffMs: HOUR, jitter: 0.5, ...over,
  }); // prettier-ignore
  test.each<[string, ErrorKind, Partial<RetryView>, object]>([
    ["a user's error ends the job", 'invalid_input', {}, { kind: 'fail', failures: 1 }],
    ['a crash is tried again at once', 'crash', {}, { kind: 'queue', failures: 1 }],
    ['a third attempt waits', 'crash', { attempt: 2, failures: 1 }, { kind: 'backoff', untilMs: T0 + 1.5 * MINUTE }],
    ['later ones wait longer', 'crash', { attempt: 4, maxAttempts: 9 }, { kind: 'backoff', untilMs: T0 + 3 * MINUTE }],
    ['the last attempt ends the job', 'crash', { attempt: 3, failures: 2 }, { kind: 'fail', failures: 3 }],
    ['a lost worker does not count', 'worker_lost', { failures: 2 }, { kind: 'queue', failures: 2 }],
    ['but is bounded', 'worker_lost', { attempt: 10 }, { kind: 'fail' }],
    ['a retry past the start deadline is none', 'crash', { attempt: 2, startByMs: T0 + MINUTE }, { kind: 'fail' }],
  ])('%s', (_, kind, over, expected) => {
    expect(decideRetry(view(kind, over))).toMatchObject(expected);
  });

  test.each(ErrorKinds.options)('%s: what is not tried again never leads back to the queue', (kind) => {
    const decision = decideRetry(view(kind));
    expect(decision.kind === 'fail').toBe(!ERROR_TABLE[kind].retry);
  });
});

describe('recovery', () => {
  const decide = (state: SlotState, ageMs: number, over: object = {}) =>
    decideRecovery({
      slot: snapshotOf({ ...newSlot('q', 0), state }, 'slots/q~0', { updatedAtMs: T0, readAtMs: T0 + ageMs }),
      execution: 'unknown',
      leaseMs: 60,
      reservedMs: 90,
      startupTimeoutMs: 300,
      aliveSinceMs: null,
      ...over,
    });
  test.each<[string, SlotState, number, object, string]>([
    ['a free slot is left alone', 'free', 1e9, {}, 'keep'],
    ['a lease that is not past is kept', 'ready', 60, {}, 'keep'],
    ['a lease that is past is recovered', 'ready', 61, {}, 'lease'],
    ['a draining worker has a lease too', 'draining', 61, {}, 'lease'],
    ['a reservation has its own time', 'reserved', 90, {}, 'keep'],
    ['a reservation that nobody came for ends', 'reserved', 91, {}, 'reserved'],
    ['a start has the pool’s time', 'starting', 300, {}, 'keep'],
    ['a start that takes too long ends', 'starting', 301, {}, 'startup'],
    ['an execution that ended needs no waiting', 'ready', 1, { execution: 'ended' }, 'ended'],
    ['a slot of the former boot needs no waiting', 'reserved', 1, { aliveSinceMs: T0 + 1 }, 'former_boot'],
    ['a slot of this boot does', 'reserved', 1, { aliveSinceMs: T0 }, 'keep'],
    ['a recovery that was cut off goes on', 'recovering', 0, {}, 'unfinished'],
  ])('%s', (_, state, ageMs, over, expected) => {
    const decision = decide(state, ageMs, over);
    expect(decision.kind === 'keep' ? 'keep' : decision.why).toBe(expected);
  });

  test('launches that never became ready rest longer each time, but not the first', () => {
    expect([0, 1, 2, 3, 4, 20].map((failures) => bootBackoffMs(failures, MINUTE))).toEqual([
      0,
      0,
      MINUTE,
      2 * MINUTE,
      4 * MINUTE,
      HOUR,
    ]);
  });
});

describe('a slot', () => {
  const slot = (over: object, updatedAtMs = T0, readAtMs = T0) =>
    snapshotOf({ ...newSlot('q', 0), ...over }, 'slots/q~0', { updatedAtMs, readAtMs });

  test.each<[string, object, number, number | null, boolean]>([
    ['does not rest without cause', {}, 0, null, false],
    ['does not rest while it is held', { state: 'ready', bootFailures: 9 }, 0, null, false],
    ['does not rest after one launch that failed', { bootFailures: 1 }, 0, null, false],
    ['rests after two', { bootFailures: 2 }, MINUTE - 1, null, true],
    ['but not for ever', { bootFailures: 2 }, MINUTE, null, false],
    ['nor for what failed before this start', { bootFailures: 2 }, 0, T0 + 1, false],
  ])('%s', (_, over, restedMs, aliveSinceMs, expected) => {
    expect(isResting(slot(over, T0, T0 + restedMs), MINUTE, aliveSinceMs)).toBe(expected);
  });

  test.each<[string, object[], number, number]>([
    ['none', [], 0, 0],
    ['those of the slot that has most', [{ bootFailures: 2 }, { bootFailures: 5 }, {}], 0, 5],
    ['those of a slot that is tried again', [{ state: 'starting', bootFailures: 4 }], HOUR, 4],
    ['those of a slot that rests', [{ bootFailures: 9 }], HOUR, 9],
    ['those of one that has just rested', [{ bootFailures: 9 }], HOUR + 10 * MINUTE, 9],
    ['not those of one that nobody wants any more', [{ bootFailures: 9 }], HOUR + 11 * MINUTE, 0],
  ])('counts among the failed boots of a queue %s', (_, slots, agoMs, expected) => {
    expect(
      bootFailuresOf(
        slots.map((over) => slot(over, T0, T0 + agoMs)),
        MINUTE,
      ),
    ).toBe(expected);
  });

  test.each<[string, object, number, boolean]>([
    ['whose worker renews is left alone', { state: 'ready' }, 30, false],
    ['whose worker has missed two renewals is looked at', { state: 'ready' }, 31, true],
    ['that nobody renews yet is looked at', { state: 'starting' }, 0, true],
  ])('%s', (_, over, ageMs, expected) => {
    expect(isSuspect(slot(over, T0, T0 + ageMs), 15)).toBe(expected);
  });

  test.each<[string, object[], object[], boolean]>([
    ['nothing happened', [{ jobs: ['a'] }], [{ jobs: ['a'] }], true],
    ['a renewal is no work', [{ renewals: 1 }], [{ renewals: 2 }], true],
    ['a job was claimed', [{ jobs: [] }], [{ jobs: ['a'], claims: 1 }], false],
    ['a job was given back and taken again', [{ jobs: ['a'], claims: 1 }], [{ jobs: ['a'], claims: 2 }], false],
    ['it was handed to another', [{ fence: 1 }], [{ fence: 2 }], false],
    ['another came', [{}], [{}, { index: 1 }], false],
    ['one went', [{}, { index: 1 }], [{}], false],
  ])('tells between two reads that %s', (_, before, after, expected) => {
    expect(sameWork(before.map((one) => slot(one)), after.map((one) => slot(one)))).toBe(expected);
  }); // prettier-ignore
});

describe('the cost', () => {
  const attempt = (over: Partial<Attempt>): Attempt => ({
    attempt: 1, slot: 's', fence: 1, execution: 'e', cold: true, bootMs: 10_000, loadMs: 0, idleMs: 0,
    startedAtMs: T0, endedAtMs: T0 + 20_000, outcome: 'succeeded', error: null, ...over,
  }); // prettier-ignore
  const perSecond = priceOf('l4')?.usdPerSecond ?? NaN;

  test('is boot, run and idle time at the price of the hardware, and says how sure the price is', () => {
    const cost = costOf([attempt({ idleMs: 5_000 })], 'l4');
    expect(cost?.totalUsd).toBeCloseTo(35 * perSecond, 12);
    expect(cost).toMatchObject({ hardware: 'l4', priceDate: '2026-08', verified: false });
  });
  test('leaves out what the platform lost', () => {
    const lost = attempt({ outcome: 'lost', error: { kind: 'worker_lost', message: '' } });
    expect(costOf([lost, attempt({ attempt: 2, bootMs: null })], 'l4')?.totalUsd).toBeCloseTo(20 * perSecond, 12);
  });
  test('is unknown for unknown hardware', () => {
    expect(costOf([], 'abacus')).toBeNull();
  });
});
