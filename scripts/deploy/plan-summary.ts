import { z } from 'zod';

const Plan = z.looseObject({
  resource_changes: z
    .array(z.looseObject({ address: z.string(), change: z.looseObject({ actions: z.array(z.string()) }) }))
    .default([]),
});

type Fate = 'make' | 'change' | 'replace' | 'destroy';

function fateOf(actions: readonly string[]): Fate | null {
  if (actions.includes('create')) return actions.includes('delete') ? 'replace' : 'make';
  if (actions.includes('delete')) return 'destroy';
  return actions.includes('update') ? 'change' : null;
}

/** A plan in a few lines: how much of what, and by its address whatever goes away. @param plan `terraform show -json` */
export function summaryOf(plan: unknown): string[] {
  const fates = Plan.parse(plan).resource_changes.flatMap(({ address, change }) => {
    const fate = fateOf(change.actions);
    return fate === null ? [] : [{ address, fate }];
  });
  const count = (fate: Fate): string => `${fates.filter((each) => each.fate === fate).length} to ${fate}`;
  const gone = (fate: Fate): string[] =>
    fates.filter((each) => each.fate === fate).map(({ address }) => `  ${fate.padEnd(7)}  ${address}`);
  return [
    `The plan: ${count('make')}, ${count('change')}, ${count('replace')}, ${count('destroy')}.`,
    ...gone('destroy'),
    ...gone('replace'),
  ];
}
