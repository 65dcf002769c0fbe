import { T0 } from '../domain/make-job.ts';
import type { Call, Plan } from './call.ts';
import { FAULTS, faultsOf, type Fault } from './fault.ts';
import type { Scenario } from './scenarios.ts';
import { World, type OpenEngine, type Outcome, type Setting } from './world.ts';

/** One scenario alone; without faults each job has one end. */
const settingOf = (scenario: Scenario, startMs: number, isFaulty: boolean): Setting => ({
  ...scenario,
  startMs,
  width: 1,
  clients: scenario.clients.map((run) => ({ prefix: '', run })),
  ends: new Map(Object.entries(scenario.ends).map(([tag, states]) => [tag, isFaulty ? states : states.slice(0, 1)])),
});

/** First come, first served, and one fault at most. */
const planOf = (at: number, fault: Fault | null): Plan => ({
  faultAt: (number) => (number === at ? fault : null),
  next: () => 0,
  leaps: () => false,
});

/** Whether a run must be done before sweep comes: nothing crashed, and every message arrived once or more. */
const needsNoSweep = (scenario: Scenario, call: Call | undefined, fault: Fault | null): boolean => {
  if (scenario.isSwept) return false;
  if (fault === null || fault === 'delay') return true;
  // A commit that looks refused to the one that made it leaves its nudge to sweep.
  return (fault === 'duplicate' || fault === 'repeat') && call?.op !== 'store.commit';
};

/**
 * A run with a fault at one call, or with none.
 * @param startMs where an engine has a clock of its own: its time
 */
export async function runWith(
  scenario: Scenario,
  at: number,
  fault: Fault | null,
  openEngine: OpenEngine,
  startMs = T0,
): Promise<Outcome> {
  const setting = settingOf(scenario, startMs, fault !== null);
  const outcome = await World.run(setting, planOf(at, fault), openEngine);
  if (outcome.fault !== null || outcome.wasDone) return outcome;
  if (!needsNoSweep(scenario, outcome.calls[at - 1], fault)) return outcome;
  return { ...outcome, fault: 'W: nothing was lost and nobody crashed, and yet it took a sweep to get it done' };
}

/** What a sweep asks and finds nothing by where nothing is old and no limit was raised: broken where there is something to find. */
const LOOKS_FOR_OLD = /^(purgeDue|rejectionsDue|filesByEnd|tenantsToFill) /;

/** A run in which something is wrong, and how to have it again. */
export interface Failure {
  readonly scenario: string;
  readonly at: number;
  readonly fault: Fault | null;
  readonly outcome: Outcome;
}

export interface Tally {
  readonly scenario: string;
  /** Calls that a run without faults makes before sweep has to help. */
  readonly calls: number;
  readonly runs: number;
  readonly failures: readonly Failure[];
}

/** The calls of a scenario without faults. */
export async function runWhole(scenario: Scenario, openEngine: OpenEngine, startMs = T0): Promise<Outcome> {
  const outcome = await runWith(scenario, 0, null, openEngine, startMs);
  const isEnded = outcome.fault === null && outcome.wasDone;
  return isEnded || outcome.fault !== null ? outcome : { ...outcome, fault: 'W: it does not end by itself' };
}

/**
 * Breaks each call of a scenario in each way that makes a difference, one in each run.
 * @param faults those to try; all unless said otherwise
 * @param alike how often a call that a scenario makes again and again with the same words is broken: its first times
 * @param stopAt failures after which the rest is not worth the time
 */
export async function exhaust(
  scenario: Scenario,
  openEngine: OpenEngine,
  faults: readonly Fault[] = FAULTS,
  stopAt = 5,
  alike = Infinity,
): Promise<Tally> {
  const { name } = scenario;
  const whole = await runWhole(scenario, openEngine);
  const failures: Failure[] = whole.fault === null ? [] : [{ scenario: name, at: 0, fault: null, outcome: whole }];
  let runs = 1;
  const made = new Map<string, number>();
  for (const { number, op, what } of whole.calls) {
    if (scenario.hasOldJobs !== true && LOOKS_FOR_OLD.test(what)) continue;
    const before = made.get(`${op} ${what}`) ?? 0;
    made.set(`${op} ${what}`, before + 1);
    if (before >= alike) continue;
    for (const fault of faultsOf(op)) {
      if (!faults.includes(fault) || failures.length >= stopAt) continue;
      runs += 1;
      const outcome = await runWith(scenario, number, fault, openEngine);
      if (outcome.fault !== null) failures.push({ scenario: name, at: number, fault, outcome });
    }
  }
  return { scenario: name, calls: whole.calls.length, runs, failures };
}
