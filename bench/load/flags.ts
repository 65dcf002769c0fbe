import { parseArgs } from 'node:util';
import { z } from 'zod';
import { UsageError } from '../flags.ts';

const LoadFlags = z.strictObject({
  rate: z.coerce.number().positive().max(10_000).default(20).describe('submissions a second, on average'),
  seconds: z.coerce.number().positive().max(86_400).default(30).describe('for how long they arrive'),
  tenants: z.coerce.number().int().min(1).max(10_000).default(1_000).describe('whom they come from, at random'),
  seed: z.coerce.number().int().min(0).default(1).describe('of the arrivals, tenants and models'),
  drain: z.coerce
    .number()
    .positive()
    .default(300)
    .describe('seconds that the last job may take after the last arrival'),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('a Slipway that runs; without it one is started here'),
  key: z.string().min(1).optional().describe('a key of it with scope admin; or SLIPWAY_API_KEY'),
  mix: z
    .string()
    .regex(/^[a-z0-9-]+=\d+(,[a-z0-9-]+=\d+)*$/, 'MODEL=WEIGHT, separated by commas')
    .default('load-quick=8,load-short=3,load-long=1')
    .describe('the models and how often each is asked for'),
  inputs: z.string().optional().describe('a JSON file with the input of each model of the mix, by its name'),
  json: z.boolean().default(false).describe('the report as JSON'),
});
export type LoadFlags = z.infer<typeof LoadFlags>;

/** The command line as flags. @throws UsageError naming each flag at fault */
export function readLoadFlags(args: readonly string[], env: NodeJS.ProcessEnv): LoadFlags {
  const names = Object.keys(LoadFlags.shape);
  let given: Record<string, unknown>;
  try {
    const options = names.map((name) => [name, { type: name === 'json' ? ('boolean' as const) : ('string' as const) }]);
    given = parseArgs({
      args: [...args],
      options: Object.fromEntries(options) as Record<string, { type: 'string' }>,
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${loadUsage()}`);
  }
  const parsed = LoadFlags.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`);
    throw new UsageError(`${faults.join('\n')}\n${loadUsage()}`);
  }
  const key = parsed.data.key ?? env['SLIPWAY_API_KEY'];
  const flags = { ...parsed.data, ...(key === undefined ? {} : { key }) };
  if (flags.url !== undefined && key === undefined) {
    throw new UsageError('--url needs --key, or SLIPWAY_API_KEY: a key with scope admin, which makes the tenants');
  }
  if (flags.url !== undefined && flags.inputs === undefined) {
    throw new UsageError('--url needs --inputs: what the models there are to be asked');
  }
  return flags;
}

/** Every flag with its default, a line each. */
export function loadUsage(): string {
  const lines = Object.entries(LoadFlags.shape).map(([name, shape]) => {
    const preset = shape.safeParse(undefined).data;
    return `  --${name} ${preset === undefined ? '' : `(${preset}) `}${shape.description ?? ''}`;
  });
  return ['npm run load -- [flags]', ...lines].join('\n');
}

/** The mix as a choice: which model the draw in [0, 1) falls to. */
export function chooser(mix: string): { readonly models: readonly string[]; choose(draw: number): string } {
  const parts = mix.split(',').map((part) => part.split('=') as [string, string]);
  const total = parts.reduce((sum, [, weight]) => sum + Number(weight), 0);
  if (total === 0) throw new UsageError('--mix: no model has a weight above 0');
  return {
    models: parts.map(([model]) => model),
    choose: (draw) => {
      let left = draw * total;
      for (const [model, weight] of parts) {
        left -= Number(weight);
        if (left < 0) return model;
      }
      return parts.at(-1)?.[0] ?? '';
    },
  };
}
