import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command, Run } from './commands.ts';
import { stateBucketOf, USER_FILE, type Environment } from './environment.ts';
import { DeployError } from './errors.ts';
import { jsonOf } from './look.ts';
import { lostIn, preciousIn, protectedIn, summaryOf } from './plan-summary.ts';

export interface Terraform {
  /** @throws DeployError */
  init(): Promise<void>;
  /** Plans, shows the plan, asks, applies. @throws DeployError, where the answer is no too */
  apply(what: What): Promise<'applied' | 'nothing to do' | 'planned'>;
  /** Has the state no longer know a module, which stays as it is. @throws DeployError */
  forget(module: string): Promise<void>;
  /** What the environment's outputs are, by name; only those that are text. */
  outputs(): Promise<Readonly<Record<string, unknown>>>;
}

export interface What {
  /** One module alone. */
  readonly only?: string;
  /** A file of values for what it does not need. */
  readonly variables?: string;
  /** Whether everything is to go. */
  readonly destroys?: boolean;
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
  /** Whether what would be missed may go where nobody is asked. */
  readonly allowDestroy: boolean;
}

/** What `-detailed-exitcode` tells of a plan. */
const NOTHING_TO_DO = 0;
const CHANGES = 2;

/** Terraform in the folder of an environment. */
export function terraformIn(options: TerraformOptions): Terraform {
  const { run, say, environment, folder, planOnly, ask, allowDestroy } = options;
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

  const confirm = async (destroys: boolean): Promise<void> => {
    const { project } = environment;
    const what = destroys ? 'Destroy this in' : 'Apply this to';
    const answer = await ask?.(`${what} project ${project}? Type the project's id to go on: `);
    if (answer !== undefined && answer.trim() !== project) {
      throw new DeployError(`That is not "${project}": nothing was ${destroys ? 'destroyed' : 'applied'}.`);
    }
  };

  /** What must be heeded of a plan, before anybody is asked. */
  const heed = (plan: unknown, destroys: boolean): void => {
    const kept = destroys ? protectedIn(plan) : [];
    if (kept.length > 0) {
      throw new DeployError(
        `${environment.name} is protected, and so nothing of it was destroyed: ${kept.join(', ')}.\n` +
          `Set protected = false in ${environment.folder}/environment.tf, deploy, then destroy.`,
      );
    }
    if (destroys) return;
    const precious = preciousIn(plan);
    if (precious.length > 0) {
      say(`What these hold goes with them, or who uses them finds nothing: ${precious.join(', ')}.`);
    }
    const missed = new Set([...precious, ...lostIn(plan)]);
    if (missed.size > 0 && ask === null && !planOnly && !allowDestroy) {
      const file = `${environment.folder}/${USER_FILE}`;
      throw new DeployError(
        `This plan was not applied: without a question that needs --allow-destroy, since it would go: ${[...missed].join(', ')}. ` +
          `A pool goes where the models of its folder are not built: see models in ${file}, and SLIPWAY_MODELS. ` +
          `Other things go where that file asks for them no more (alerts, budget, deployers, sign_in, tenants), or this version does ` +
          `not. If that is meant, deploy once without --yes, and answer.`,
      );
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
    apply: async ({ only, variables, destroys = false, because }) => {
      const file = join(folder, only === undefined ? 'all.tfplan' : 'part.tfplan');
      const which = [
        ...(destroys ? ['-destroy'] : []),
        ...(only === undefined ? [] : [`-target=${only}`]),
        ...(variables === undefined ? [] : [`-var-file=${variables}`]),
      ];
      try {
        const planned = await run(
          terraform(['plan', '-input=false', '-lock-timeout=60s', '-detailed-exitcode', `-out=${file}`, ...which]),
        );
        if (planned.code === NOTHING_TO_DO) return 'nothing to do';
        if (planned.code !== CHANGES) throw failed('plan');
        const shown = await run(terraform(['show', '-json', file], false));
        if (shown.code !== 0) throw failed('show');
        const plan = jsonOf(shown.out);
        for (const line of ['', because, ...summaryOf(plan)]) say(line);
        heed(plan, destroys);
        if (planOnly) return 'planned';
        await confirm(destroys);
        const applied = await run(terraform(['apply', '-input=false', '-lock-timeout=60s', file]));
        if (applied.code !== 0) throw failed('apply');
        return 'applied';
      } finally {
        await rm(file, { force: true });
      }
    },
    forget: async (module) => {
      const { code, out, err } = await run(terraform(['state', 'list'], false));
      if (code !== 0 && !/No state file was found/.test(err)) {
        throw new DeployError(`What the state knows cannot be seen: ${err.trim()}`);
      }
      if (!out.split('\n').some((address) => address.startsWith(`${module}.`))) return;
      const removed = await run(terraform(['state', 'rm', '-lock-timeout=60s', module]));
      if (removed.code !== 0) throw failed('state rm');
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
