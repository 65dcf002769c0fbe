import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command, Run } from './commands.ts';
import { stateBucketOf, type Environment } from './environment.ts';
import { DeployError } from './errors.ts';
import { jsonOf } from './look.ts';
import { summaryOf } from './plan-summary.ts';

export interface Terraform {
  /** @throws DeployError */
  init(): Promise<void>;
  /** Plans, shows the plan, asks, applies. @throws DeployError, where the answer is no too */
  apply(what: What): Promise<'applied' | 'nothing to do' | 'planned'>;
  /** What the environment's outputs are, by name; only those that are text. */
  outputs(): Promise<Readonly<Record<string, unknown>>>;
}

export interface What {
  /** One module alone, given values for what it does not need. */
  readonly only?: { readonly module: string; readonly variables: string };
  /** Why, before it is asked. */
  readonly because: string;
}

export interface TerraformOptions {
  readonly run: Run;
  readonly say: (line: string) => void;
  readonly environment: Environment;
  /** A folder that nobody else reads: a plan holds values that the terminal does not show. */
  readonly folder: string;
  /** Whether a plan is the end of it. */
  readonly planOnly: boolean;
  /** What a person answers; null where all is agreed to beforehand. */
  readonly ask: ((question: string) => Promise<string>) | null;
}

/** What `-detailed-exitcode` tells of a plan. */
const NOTHING_TO_DO = 0;
const CHANGES = 2;

/** Terraform in the folder of an environment. */
export function terraformIn({ run, say, environment, folder, planOnly, ask }: TerraformOptions): Terraform {
  const terraform = (args: readonly string[], isShown = true): Command => ({
    program: 'terraform',
    args: [`-chdir=${environment.folder}`, ...args],
    isShown,
  });
  const failed = (step: string): DeployError =>
    new DeployError(
      `terraform ${step} failed, as it says above. docs/deploy.md has the usual reasons. ` +
        'Run the same again once that is mended: what is done is not done twice.',
    );

  const confirm = async (): Promise<void> => {
    const { project } = environment;
    const answer = await ask?.(`Apply this to project ${project}? Type the project's id to go on: `);
    if (answer !== undefined && answer.trim() !== project) {
      throw new DeployError(`That is not "${project}": nothing was applied.`);
    }
  };

  return {
    init: async () => {
      // Reconfigured, since the folder remembers the last bucket and would offer to take that one's state along into this.
      const backend = [`bucket=${stateBucketOf(environment)}`, 'prefix=terraform'].map(
        (set) => `-backend-config=${set}`,
      );
      const { code } = await run(terraform(['init', '-input=false', '-reconfigure', ...backend]));
      if (code !== 0) throw failed('init');
    },
    apply: async ({ only, because }) => {
      const file = join(folder, only === undefined ? 'all.tfplan' : 'part.tfplan');
      const part = only === undefined ? [] : [`-target=${only.module}`, `-var-file=${only.variables}`];
      try {
        const planned = await run(
          terraform(['plan', '-input=false', '-lock-timeout=60s', '-detailed-exitcode', `-out=${file}`, ...part]),
        );
        if (planned.code === NOTHING_TO_DO) return 'nothing to do';
        if (planned.code !== CHANGES) throw failed('plan');
        const shown = await run(terraform(['show', '-json', file], false));
        if (shown.code !== 0) throw failed('show');
        for (const line of ['', because, ...summaryOf(jsonOf(shown.out))]) say(line);
        if (planOnly) return 'planned';
        await confirm();
        const applied = await run(terraform(['apply', '-input=false', '-lock-timeout=60s', file]));
        if (applied.code !== 0) throw failed('apply');
        return 'applied';
      } finally {
        await rm(file, { force: true });
      }
    },
    outputs: async () => {
      const { code, out, err } = await run(terraform(['output', '-json'], false));
      const read = jsonOf(out);
      if (code !== 0 || typeof read !== 'object' || read === null) {
        throw new DeployError(`It is applied, but its outputs cannot be read: ${err.trim()}`);
      }
      return Object.fromEntries(
        Object.entries(read as Record<string, { value?: unknown }>).map(([name, { value }]) => [name, value ?? null]),
      );
    },
  };
}
