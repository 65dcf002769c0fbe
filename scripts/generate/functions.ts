import type { z } from 'zod';
import { GRANTS, type Grant } from '../../eventarc/grants.ts';
import { FUNCTION_NAMES, ROUTES, type FunctionName, type Route } from '../../eventarc/routes.ts';
import { STARTUP_PATH } from '../../functions/http/startup.ts';
import { CONFIGS } from '../../functions/start/config.ts';

/** A function as a deployment sees it. */
export interface DeployedFunction {
  /** The variables that the deployment sets, and no others. */
  readonly environment: readonly string[];
  readonly grant: Grant;
  readonly routes: readonly Route[];
  /** What a new instance is asked before requests come to it; null where it can work at once. */
  readonly startup: string | null;
}

/** Cloud Run says the port; the address to listen on is the same for all that run there. */
const NOT_SET = new Set(['PORT', 'SLIPWAY_LISTEN']);

/** What Terraform is told of the functions: `terraform/generated/functions.json`. */
export function deployedFunctions(): Readonly<Record<FunctionName, DeployedFunction>> {
  const rows = FUNCTION_NAMES.map((name): [FunctionName, DeployedFunction] => [
    name,
    {
      environment: Object.keys(variablesOf(name)).filter((variable) => !NOT_SET.has(variable)),
      grant: GRANTS[name],
      routes: ROUTES.filter((route) => route.function === name),
      startup: GRANTS[name].egress ? STARTUP_PATH : null,
    },
  ]);
  return Object.fromEntries(rows) as Record<FunctionName, DeployedFunction>;
}

/** The variables of a function but for those that only tests set, each with its schema. */
export function variablesOf(name: FunctionName): Readonly<Record<string, z.ZodType>> {
  const { shape } = CONFIGS[name];
  return Object.fromEntries(Object.entries<z.ZodType>(shape).filter(([, schema]) => !isForTests(schema)));
}

/** What may be left out and has no value then. */
function isForTests(schema: z.ZodType): boolean {
  const { success, data } = schema.safeParse(undefined);
  return success && data === undefined;
}
