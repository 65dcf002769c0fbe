import { explore } from './explorer.ts';
import { DEEP_SCENARIOS, SCENARIOS } from './scenarios.ts';

/** Worlds after which an exploration gives up and fails. */
const CAP = 500_000;
const DEEP_CAP = 10_000_000;

const args = process.argv.slice(2);
const names = args.filter((arg) => arg !== '--deep');
const isDeep = args.includes('--deep');
const chosen = [...SCENARIOS, ...(isDeep ? DEEP_SCENARIOS : [])].filter(
  ({ name }) => names.length === 0 || names.includes(name),
);
if (chosen.length === 0) throw new Error(`no scenario is named ${names.join(', ')}`);

for (const scenario of chosen) {
  const { violation, ...counts } = await explore(scenario, isDeep ? DEEP_CAP : CAP);
  console.log(JSON.stringify(counts));
  if (violation === null) continue;
  console.log(`VIOLATION in ${scenario.name}: ${violation.message}`);
  for (const line of violation.trace) console.log(`  ${line}`);
  process.exitCode = 1;
}
