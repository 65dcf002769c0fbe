import { parseArgs } from 'node:util';
import { z } from 'zod';

const count = (max: number) => z.coerce.number().int().min(1).max(max);

const Flags = z.strictObject({
  rounds: count(100).default(3).describe('how often everything is measured'),
  commits: count(100_000).default(300).describe('commits of each kind and round'),
  hops: count(10_000).default(60).describe('jobs sent one at a time, a round'),
  jobs: count(100_000).default(300).describe('jobs of each throughput run'),
  inflight: count(1_000).default(32).describe('submissions, or commits of a group, under way at a time'),
  seed: z.coerce.number().int().min(0).default(1).describe('of the pauses between jobs that are sent one at a time'),
  folder: z.string().optional().describe("where the data goes, to choose the disk; else the system's temporary folder"),
  save: z
    .string()
    .regex(/^[\w-]{1,60}$/, 'letters, digits, _ and -')
    .optional()
    .describe('writes bench/results/<save>.json'),
});
export type Flags = z.infer<typeof Flags>;

/** Thrown for flags that are none of ours; the message is what to show. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command line as flags. @throws UsageError naming each flag at fault */
export function readFlags(args: readonly string[]): Flags {
  const names = Object.keys(Flags.shape);
  let given: Record<string, unknown>;
  try {
    given = parseArgs({
      args: [...args],
      options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage()}`);
  }
  const parsed = Flags.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`);
  throw new UsageError(`${faults.join('\n')}\n${usage()}`);
}

/** Every flag with its default, a line each. */
export function usage(): string {
  const lines = Object.entries(Flags.shape).map(([name, shape]) => {
    const preset = shape.safeParse(undefined).data;
    return `  --${name} ${preset === undefined ? '' : `(${preset}) `}${shape.description ?? ''}`;
  });
  return ['npm run bench -- [flags]', ...lines].join('\n');
}
