import type { z } from 'zod';
import { nearNames } from '../domain/near-names.ts';

/** Thrown where a deployable cannot start with its environment: names every variable at fault, what it is for, and the remedy. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly variables: readonly string[];
  constructor(who: string, faults: readonly { readonly variable: string; readonly says: string }[]) {
    const lines = faults.map(({ variable, says }) => `  ${variable}: ${says}`);
    super(`${who} cannot start with this environment:\n${lines.join('\n')}`);
    this.variables = faults.map(({ variable }) => variable);
  }
}

/** Variables of our own: one that the schema does not know is a misspelt one, whose default would be taken in silence. */
const OWN = /^SLIPWAY_/;

/**
 * Reads the environment of a deployable against its schema; nothing else may read it.
 * @param who names the deployable in the error
 * @param options.strict refuses variables that are named like ours and are not in the schema
 * @throws ConfigError
 */
export function readConfig<S extends z.ZodObject>(
  who: string,
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
  options: { readonly strict: boolean } = { strict: false },
): z.output<S> {
  const names = Object.keys(schema.shape);
  const strange = options.strict ? Object.keys(env).filter((name) => OWN.test(name) && !names.includes(name)) : [];
  const parsed = schema.safeParse(env);
  const faults = strange.map((variable) => ({
    variable,
    says: `is not a variable of ${who}.${hint(variable, names)}`,
  }));
  for (const issue of parsed.error?.issues ?? []) {
    const variable = String(issue.path[0]);
    const purpose = (schema.shape as Record<string, z.ZodType | undefined>)[variable]?.description;
    const isMissing = env[variable] === undefined;
    const says = isMissing ? 'is missing' : issue.message;
    faults.push({ variable, says: purpose === undefined ? says : `${says} (${purpose})` });
  }
  if (faults.length > 0 || !parsed.success) throw new ConfigError(who, faults);
  return parsed.data;
}

/**
 * A line for each variable that looks like one of these misspelt. Not refused where people start things by hand: beside them
 * there may be variables of other programs of ours.
 */
export function misspelt(schema: z.ZodObject, env: Readonly<Record<string, string | undefined>>): string[] {
  const names = Object.keys(schema.shape);
  return Object.keys(env).flatMap((name) => {
    const near = OWN.test(name) && !names.includes(name) ? hint(name, names) : '';
    return near === '' ? [] : [`${name} is not a setting.${near}`];
  });
}

function hint(variable: string, names: readonly string[]): string {
  const [near] = nearNames(variable, names);
  return near === undefined ? '' : ` Was ${near} meant?`;
}
