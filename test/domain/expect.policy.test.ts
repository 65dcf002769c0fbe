import { describe, expect, test } from '@jest/globals';
import { coarseMs, expectedCostUsd, expectedWaitMs, type WorkersView } from '../../domain/expect.policy.ts';

const NONE: WorkersView = { idle: 0, busy: 0, booting: 0, ahead: 0, bootMs: 30_000, runMs: 10_000 };

describe('the expected wait', () => {
  test.each<[string, Partial<WorkersView>, number]>([
    ['an idle worker takes it at once', { idle: 1 }, 0],
    ['a worker is booting', { booting: 1 }, 30_000],
    ['a busy worker is free before one has booted', { busy: 1, booting: 1 }, 10_000],
    ['the only worker has three to do first', { idle: 1, ahead: 3 }, 30_000],
    ['two have three to do first', { idle: 2, ahead: 3 }, 10_000],
    ['a busy one has its own and three', { busy: 1, ahead: 3 }, 40_000],
    ['a second one comes in time to help', { busy: 1, booting: 1, ahead: 3 }, 30_000],
    ['ten boot for a hundred', { booting: 10, ahead: 99 }, 120_000],
    ['a million wait', { idle: 100, ahead: 1_000_000, runMs: 1 }, 10_000],
    ['a run takes no time', { idle: 1, ahead: 5, runMs: 0 }, 5],
    ['there is nobody', {}, Infinity],
  ])('%s', (_, view, wantedMs) => {
    expect(expectedWaitMs({ ...NONE, ...view })).toBe(wantedMs);
  });

  test('is what handing each job to whoever is free first comes to', () => {
    let seed = 7;
    const below = (n: number): number => (seed = (seed * 48_271) % 2_147_483_647) % n;
    for (let n = 0; n < 300; n += 1) {
      const view = {
        idle: below(3),
        busy: below(3),
        booting: 1 + below(3),
        ahead: below(40),
        bootMs: below(500),
        runMs: 1 + below(90),
      };
      const free = [
        ...Array.from({ length: view.idle }, () => 0),
        ...Array.from({ length: view.busy }, () => view.runMs),
        ...Array.from({ length: view.booting }, () => view.bootMs),
      ];
      let startedMs = NaN;
      for (let job = 0; job <= view.ahead; job += 1) {
        free.sort((a, b) => a - b);
        startedMs = free.shift() ?? NaN;
        free.push(startedMs + view.runMs);
      }
      expect([view, expectedWaitMs(view)]).toEqual([view, startedMs]);
    }
  });
});

test('a cost is the time at the price of the hardware, and unknown for hardware without one', () => {
  expect(expectedCostUsd('cpu', 10_000)).toBeCloseTo(10 * (2 * 0.000018 + 4 * 0.000002), 12);
  expect(expectedCostUsd('tpu', 10_000)).toBeNull();
});

test.each([
  [0, 0],
  [1, 1],
  [3, 5],
  [10, 10],
  [11, 20],
  [501, 1_000],
  [61_000, 100_000],
  [Infinity, Infinity],
])('a wait of %p ms is told as %p ms', (ms, told) => {
  expect(coarseMs(ms)).toBe(told);
});
