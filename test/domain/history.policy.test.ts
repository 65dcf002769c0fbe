import { describe, expect, test } from '@jest/globals';
import type { Attempt, Cost, Job } from '../../domain/contract/job.ts';
import { basisOf, figureOf, historyOf, sampleOf, type Sample } from '../../domain/history.policy.ts';
import { makeJob, T0 } from './make-job.ts';

const sample = (over: Partial<Sample> = {}): Sample => ({
  finishedAtMs: T0,
  runMs: 1_000,
  boots: [],
  costUsd: null,
  ...over,
});

describe('what jobs tell', () => {
  test.each<[string, number[], { median: number; p90: number } | null]>([
    ['none', [], null],
    ['two are too few', [5, 7], null],
    ['three', [9, 1, 5], { median: 5, p90: 9 }],
    ['four, with the median between two', [1, 2, 4, 100], { median: 3, p90: 100 }],
    [
      'ten, of which nine stayed at or below the 90th percentile',
      [10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
      { median: 5.5, p90: 9 },
    ],
    ['an outlier moves the median by nothing', [2, 2, 2, 2, 9_999], { median: 2, p90: 9_999 }],
  ])('run times: %s', (_, runs, spread) => {
    expect(historyOf(runs.map((runMs) => sample({ runMs }))).runMs).toEqual(spread);
  });

  test('each figure is of those that have it, and of which time', () => {
    const boots = [{ bootMs: 30_000, loadMs: 10_000 }];
    const samples = [
      sample({ finishedAtMs: T0 + 5, boots, costUsd: 1 }),
      sample({ finishedAtMs: T0, boots: [...boots, { bootMs: 40_000, loadMs: null }], costUsd: 3 }),
      sample({ finishedAtMs: T0 + 9, costUsd: 2 }),
    ];
    expect(historyOf(samples)).toEqual({
      jobs: 3,
      fromMs: T0,
      toMs: T0 + 9,
      runMs: { median: 1_000, p90: 1_000 },
      bootMs: { median: 30_000, p90: 40_000 },
      loadMs: null,
      costUsd: { median: 2, p90: 3 },
    });
    expect(historyOf([])).toMatchObject({ jobs: 0, fromMs: null, toMs: null });
  });

  test('a figure is measured where there is enough of it, and a sum only if all of it is', () => {
    const [measured, declared] = [figureOf({ median: 7, p90: 9 }, 5), figureOf(null, 5)];
    expect([measured, declared]).toEqual([
      { ms: 7, basis: 'history' },
      { ms: 5, basis: 'model' },
    ]);
    expect([basisOf(measured, measured), basisOf(measured, declared)]).toEqual(['history', 'model']);
  });
});

describe('what is taken of a job', () => {
  const attempt = (over: Partial<Attempt> = {}): Attempt => ({
    attempt: 1,
    slot: 's',
    fence: 1,
    execution: 'e',
    cold: false,
    bootMs: null,
    loadMs: null,
    idleMs: 0,
    startedAtMs: T0,
    endedAtMs: T0 + 4_000,
    outcome: 'succeeded',
    error: null,
    ...over,
  });
  const cost = (hardware: string): Cost => ({
    hardware,
    bootUsd: 1,
    computeUsd: 1,
    idleUsd: 1,
    totalUsd: 3,
    priceDate: '2026-11-01',
    verified: true,
  });
  const failed = attempt({ cold: true, bootMs: 20_000, loadMs: 5_000, outcome: 'failed', endedAtMs: T0 + 900 });

  test.each<[string, Partial<Job>, Partial<Sample> | null]>([
    ['the run of its last attempt', { attempts: [attempt()] }, { runMs: 4_000, boots: [], costUsd: null }],
    [
      'the boots of all its workers',
      { attempts: [failed, attempt({ cold: true, bootMs: 30_000 })] },
      {
        runMs: 4_000,
        boots: [
          { bootMs: 20_000, loadMs: 5_000 },
          { bootMs: 30_000, loadMs: null },
        ],
      },
    ],
    ['its cost', { attempts: [attempt()], cost: cost('l4') }, { costUsd: 3 }],
    ['no cost by the price of other hardware', { attempts: [attempt()], cost: cost('cpu') }, { costUsd: null }],
    ['nothing, where it has been emptied', { attempts: [] }, null],
    ['nothing, where it succeeded in no attempt', { attempts: [failed] }, null],
  ])('%s', (_, over, wanted) => {
    const taken = sampleOf(makeJob({ finishedAtMs: T0, state: 'succeeded', ...over }), 'l4');
    if (wanted === null) expect(taken).toBeNull();
    else expect(taken).toMatchObject(wanted);
  });
});
