import { T0 } from '../domain/make-job.ts';
import type { Plan } from './call.ts';
import { faultsOf } from './fault.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { below, seededRandom } from './seeded.ts';
import { World, type OpenEngine, type Outcome, type Setting } from './world.ts';

/** Calls that a run of several scenarios has, about: so far apart are its faults. */
const ABOUT_CALLS = 300;
const MOST_FAULTS = 8;
/** How often time passes although there is something to do. */
const LEAP_CHANCE = 0.01;
const LOSSY_CHANCE = 0.1;
const LOST_CHANCE = 0.1;
const HASTY_CHANCE = 0.3;

/** Several scenarios, or one of them twice, at once in one queue. */
function settingOf(seed: number, among: readonly Scenario[]): Setting {
  const random = seededRandom(seed);
  const chosen = Array.from({ length: 2 + below(random, 3) }, () => among[below(random, among.length)] as Scenario);
  const parts = chosen.map((scenario, index) => ({ scenario, prefix: `${index + 1}-` }));
  return {
    startMs: T0,
    width: 1 + below(random, 2),
    max: 1 + below(random, 3),
    idleSeconds: below(random, 2) * 5,
    isSwept: true,
    sweepEverySeconds: 61,
    isLossy: random.unit() < LOSSY_CHANCE,
    lostLaunches: random.unit() < LOST_CHANCE ? 1 : 0,
    isHasty: random.unit() < HASTY_CHANCE,
    leaveMs: below(random, 2) * 25,
    statuses: Array.from({ length: below(random, 4) }, () => [200, 500, 503, 429][below(random, 4)] as number),
    hasOldJobs: chosen.some((scenario) => scenario.hasOldJobs),
    runningLimit: [null, 1, 2][below(random, 3)] ?? null,
    clients: parts.flatMap(({ scenario, prefix }) => scenario.clients.map((run) => ({ prefix, run }))),
    ends: new Map(
      parts.flatMap(({ scenario, prefix }) =>
        Object.entries(scenario.ends).map(([tag, states]) => [prefix + tag, states] as const),
      ),
    ),
  };
}

/** A few faults anywhere, and whatever order the seed gives. */
function planOf(seed: number): Plan {
  const random = seededRandom(seed + 0x5eed);
  let left = 1 + below(random, MOST_FAULTS);
  const chance = left / ABOUT_CALLS;
  return {
    faultAt: (_, op) => {
      if (left === 0 || random.unit() >= chance) return null;
      left -= 1;
      const faults = faultsOf(op);
      return faults[below(random, faults.length)] ?? null;
    },
    next: (waiting) => below(random, waiting),
    leaps: () => random.unit() < LEAP_CHANCE,
  };
}

/** A run that follows from its seed alone: the same scenarios, order and faults each time. */
export function runSeed(
  seed: number,
  openEngine: OpenEngine,
  among: readonly Scenario[] = SCENARIOS,
): Promise<Outcome> {
  return World.run(settingOf(seed, among), planOf(seed), openEngine, seed);
}
