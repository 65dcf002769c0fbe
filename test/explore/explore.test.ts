import { afterAll, describe, expect, test } from '@jest/globals';
import { explore, type Explored } from './explorer.ts';
import { SCENARIOS } from './scenarios.ts';

/** More worlds than any of these has; an exploration that comes to it fails, since it did not see everything. */
const CAP = 500_000;
const TIMEOUT_MS = 120_000;

describe('every interleaving, of the real code, within the bounds of its scenario', () => {
  const all: Explored[] = [];
  afterAll(() => {
    const lines = all.map(
      ({ scenario, worlds, steps, atRest, ms }) =>
        `${scenario}: ${worlds} worlds, ${steps} steps, ${atRest} at rest, ${ms} ms`,
    );
    process.stdout.write(`explored\n  ${lines.join('\n  ')}\n`);
  });

  for (const scenario of SCENARIOS) {
    test(
      `${scenario.title} (${scenario.name})`,
      async () => {
        const explored = await explore(scenario, CAP);
        all.push(explored);
        const told = explored.violation === null ? [] : [explored.violation.message, ...explored.violation.trace];
        expect(told.join('\n')).toBe('');
        // An exploration in which nothing can happen would find nothing either.
        expect(explored.worlds).toBeGreaterThan(100);
        expect(explored.atRest).toBeGreaterThan(0);
      },
      TIMEOUT_MS,
    );
  }
});
