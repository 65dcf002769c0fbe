import { expect, test } from '@jest/globals';
import { describeOnEmulators } from '../emulators/here.ts';
import type { Call } from './call.ts';
import { runWhole, runWith } from './exhaustive.ts';
import { ALL_OPS, FAULTS, faultsOf, type Fault, type Op } from './fault.ts';
import { openFirestore } from './firestore.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { traceOf } from './trace.ts';

const TIMEOUT_MS = 180_000;
/** Runs at the same time: each waits for the emulator most of the time. */
const AT_ONCE = 4;

interface Broken {
  readonly scenario: Scenario;
  readonly call: Call;
  readonly fault: Fault;
}

/** Each kind of call once, the fault being the next in turn; and a commit in every way, since that is what engines differ in. */
function chosenFrom(runs: readonly { readonly scenario: Scenario; readonly calls: readonly Call[] }[]): Broken[] {
  const made = runs.flatMap(({ scenario, calls }) => calls.map((call) => ({ scenario, call })));
  const byOp = Map.groupBy(made, ({ call }) => call.op);
  let turn = 0;
  return [...byOp].flatMap(([op, calls]): Broken[] =>
    faultsFor(op, (turn += 1)).map((fault, index) => ({
      ...(calls[(3 * index + turn) % calls.length] as (typeof calls)[0]),
      fault,
    })),
  );
}

function faultsFor(op: Op, turn: number): readonly Fault[] {
  const faults = faultsOf(op);
  return op === 'store.commit' ? faults : [faults[turn % faults.length] as Fault];
}

describeOnEmulators('the same faults on Firestore', ({ firestore }) => {
  test(
    'each kind of call broken once, and each fault there is',
    async () => {
      const openEngine = openFirestore(firestore);
      const scenarios = SCENARIOS.filter(({ name }) =>
        ['one-job', 'lost-launch', 'keyed', 'lost-worker', 'purge'].includes(name),
      );
      const runs = await Promise.all(
        scenarios.map(async (scenario) => ({ scenario, ...(await runWhole(scenario, openEngine, Date.now())) })),
      );
      expect(runs.flatMap(({ scenario, fault }) => (fault === null ? [] : [`${scenario.name}: ${fault}`]))).toEqual([]);
      const chosen = chosenFrom(runs);
      expect(new Set(chosen.map(({ fault }) => fault))).toEqual(new Set(FAULTS));
      expect(new Set(chosen.map(({ call }) => call.op))).toEqual(new Set(ALL_OPS));

      const left = [...chosen];
      const failures: string[] = [];
      const workOff = async (): Promise<void> => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          const { scenario, call, fault } = next;
          const outcome = await runWith(scenario, call.number, fault, openEngine, Date.now());
          if (outcome.fault === null) continue;
          const what = `${scenario.name}, ${fault} at ${call.number}: ${outcome.fault}`;
          failures.push([what, ...traceOf(outcome)].join('\n'));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, workOff));
      expect(failures.join('\n\n')).toBe('');
    },
    TIMEOUT_MS,
  );
});
