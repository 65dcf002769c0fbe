import { explore } from './explorer.ts';
import { SCENARIOS } from './scenarios.ts';

const names = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const cap = Number(/--cap=(\d+)/.exec(process.argv.join(' '))?.[1] ?? 1_000_000);

for (const scenario of SCENARIOS) {
  if (names.length > 0 && !names.includes(scenario.name)) continue;
  const { violation, ...counts } = await explore(scenario, cap);
  console.log(JSON.stringify(counts));
  if (violation === null) continue;
  console.log(`VIOLATION in ${scenario.name}: ${violation.message}`);
  for (const line of violation.trace) console.log(`  ${line}`);
  process.exitCode = 1;
}
