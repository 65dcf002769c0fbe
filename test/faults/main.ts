import { parseArgs } from 'node:util';
import { exhaust, runWith } from './exhaustive.ts';
import { FAULTS, type Fault } from './fault.ts';
import { runSeed } from './random.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { openSqlite } from './sqlite.ts';
import { traceOf } from './trace.ts';
import type { Outcome } from './world.ts';

const USAGE = `Breaks the calls of the functions' ports, one run at a time, and checks what must hold all the same.

  npm run faults                                     every call of every scenario, each fault
  npm run faults -- --scenario X [--fault F]         of one scenario, of one kind
  npm run faults -- --scenario X --at N --fault F    one run, told call by call
  npm run faults -- --seeds N [--seed S]             N runs at random, from seed S on
  npm run faults -- --seed S                         one of them, told call by call
`;

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' },
    fault: { type: 'string' },
    at: { type: 'string' },
    seeds: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function fail(why: string, outcome: Outcome, replay: string): void {
  console.log(`VIOLATION in ${why}: ${outcome.fault}`);
  for (const line of traceOf(outcome)) console.log(`  ${line}`);
  console.log(`  again: npm run faults -- ${replay}`);
  process.exitCode = 1;
}

function tell(what: string, outcome: Outcome, replay: string): void {
  if (outcome.fault !== null) return fail(what, outcome, replay);
  for (const line of traceOf(outcome)) console.log(`  ${line}`);
  console.log(`${what}: as it should be, after ${outcome.calls.length} calls`);
}

const replayOf = ({ name }: Scenario, at: number, fault: Fault | null): string =>
  `--scenario ${name} --at ${at}${fault === null ? '' : ` --fault ${fault}`}`;

const replayOfSeed = (seed: number): string =>
  `--seed ${seed}${values.scenario === undefined ? '' : ` --scenario ${values.scenario}`}`;

function chosen(): readonly Scenario[] {
  const scenarios = SCENARIOS.filter(({ name }) => values.scenario === undefined || values.scenario === name);
  if (scenarios.length > 0) return scenarios;
  throw new Error(`no scenario is named ${values.scenario}: there are ${SCENARIOS.map(({ name }) => name).join(', ')}`);
}

function faults(): readonly Fault[] {
  const found = FAULTS.filter((fault) => values.fault === undefined || values.fault === fault);
  if (found.length > 0) return found;
  throw new Error(`no fault is named ${values.fault}: there are ${FAULTS.join(', ')}`);
}

async function exhaustively(): Promise<void> {
  for (const scenario of chosen()) {
    const beganMs = performance.now();
    const { failures, ...tally } = await exhaust(scenario, openSqlite, faults());
    console.log(JSON.stringify({ ...tally, failures: failures.length, ms: Math.round(performance.now() - beganMs) }));
    for (const { at, fault, outcome } of failures) {
      const replay = replayOf(scenario, at, fault);
      fail(`${scenario.name}, ${fault ?? 'no fault'} at ${at}`, outcome, replay);
    }
  }
}

async function atRandom(first: number, count: number): Promise<void> {
  console.log(`seeds ${first} to ${first + count - 1}`);
  let calls = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const outcome = await runSeed(seed, openSqlite, chosen());
    calls += outcome.calls.length;
    if (outcome.fault !== null) fail(`seed ${seed}`, outcome, replayOfSeed(seed));
  }
  console.log(`${count} runs, ${calls} calls`);
}

const number = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new Error(`${text} is no whole number`);
  return Number(text);
};

if (values.help) console.log(USAGE);
else if (values.seeds !== undefined)
  await atRandom(number(values.seed ?? String(Date.now() % 1e9)), number(values.seeds));
else if (values.seed !== undefined) {
  const seed = number(values.seed);
  tell(`seed ${seed}`, await runSeed(seed, openSqlite, chosen()), replayOfSeed(seed));
} else if (values.at !== undefined) {
  const [scenario] = chosen();
  const [fault] = values.fault === undefined ? [null] : faults();
  if (values.scenario === undefined || scenario === undefined) throw new Error('--at needs --scenario');
  const at = number(values.at);
  const replay = replayOf(scenario, at, fault ?? null);
  tell(
    `${scenario.name}, ${fault ?? 'no fault'} at ${at}`,
    await runWith(scenario, at, fault ?? null, openSqlite),
    replay,
  );
} else await exhaustively();
