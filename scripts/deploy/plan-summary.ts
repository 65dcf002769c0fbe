import { z } from 'zod';

const Plan = z.looseObject({
  resource_changes: z
    .array(
      z.looseObject({
        address: z.string(),
        type: z.string().optional(),
        deposed: z.string().optional(),
        change: z.looseObject({ actions: z.array(z.string()), before: z.looseObject({}).nullish() }),
      }),
    )
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

/** What holds something, or is looked for by others under its name. */
const PRECIOUS = new Set([
  'google_cloud_run_v2_job',
  'google_firestore_database',
  'google_pubsub_topic',
  'google_storage_bucket',
]);

const goneIn = (plan: unknown) =>
  Plan.parse(plan).resource_changes.filter(({ change }) => change.actions.includes('delete'));

/** What a plan takes away, or makes anew, that somebody would miss; by its addresses. */
export const preciousIn = (plan: unknown): string[] =>
  goneIn(plan).flatMap(({ type, address }) => (PRECIOUS.has(type ?? '') ? [address] : []));

/** Terraform's own: there is nothing behind them. */
const NOTHING = new Set(['terraform_data', 'time_sleep']);

/**
 * What a plan takes away and does not make anew, whatever it is; by its addresses. Not what is deposed: of that a newer one is
 * there, and only its deletion had failed.
 */
export const lostIn = (plan: unknown): string[] =>
  goneIn(plan).flatMap(({ address, type, deposed, change }) => {
    const isSomething = deposed === undefined && !NOTHING.has(type ?? '');
    return isSomething && fateOf(change.actions) === 'destroy' ? [address] : [];
  });

/** What refuses to be deleted among what a plan takes away: the rest would be gone by the time Terraform finds out. */
export const protectedIn = (plan: unknown): string[] =>
  goneIn(plan).flatMap(({ address, change: { before } }) => {
    const isProtected =
      before?.['deletion_protection'] === true || before?.['delete_protection_state'] === 'DELETE_PROTECTION_ENABLED';
    return isProtected ? [address] : [];
  });
