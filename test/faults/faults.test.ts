import { describe, expect, test } from '@jest/globals';
import { exhaust, runWhole, type Failure } from './exhaustive.ts';
import { ALL_OPS, FAULTS } from './fault.ts';
import { runSeed } from './random.ts';
import { SCENARIOS } from './scenarios.ts';
import { openSqlite } from './sqlite.ts';
import { traceOf } from './trace.ts';

const TIMEOUT_MS = 180_000;
const FIRST_SEED = 1;
const SEEDS = 100;

const inWords = ({ scenario, at, fault, outcome }: Failure): string => {
  const again = `npm run faults -- --scenario ${scenario} --at ${at}${fault === null ? '' : ` --fault ${fault}`}`;
  return [`${outcome.fault}`, `again: ${again}`, ...traceOf(outcome)].join('\n');
};

/** Sweep asks the same each minute, and a slot is read at each step: the later times of such a call are for `npm run faults`. */
const ALIKE = 1;

describe.each(SCENARIOS)('$name: $title', (scenario) => {
  test.each(FAULTS)(
    '%s at any call',
    async (fault) => {
      const { runs, failures } = await exhaust(scenario, openSqlite, [fault], 3, ALIKE);
      expect(failures.map(inWords).join('\n\n')).toBe('');
      expect(runs).toBeGreaterThan(1);
    },
    TIMEOUT_MS,
  );
});

test('every kind of call is in one of the scenarios', async () => {
  const runs = await Promise.all(SCENARIOS.map((scenario) => runWhole(scenario, openSqlite)));
  const made = new Set(runs.flatMap(({ calls }) => calls.map(({ op }) => op)));
  expect([...made].sort()).toEqual([...ALL_OPS].sort());
});

test(
  `several scenarios at once, faults and order at random: seeds ${FIRST_SEED} to ${FIRST_SEED + SEEDS - 1}`,
  async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      const outcome = await runSeed(seed, openSqlite);
      const told =
        outcome.fault === null ? [] : [outcome.fault, `again: npm run faults -- --seed ${seed}`, ...traceOf(outcome)];
      expect(told.join('\n')).toBe('');
    }
  },
  TIMEOUT_MS,
);

test('a seed is the same run each time', async () => {
  for (const seed of [3, 77, 2_026]) {
    const [first, second] = [await runSeed(seed, openSqlite), await runSeed(seed, openSqlite)];
    expect(traceOf(second)).toEqual(traceOf(first));
  }
});
