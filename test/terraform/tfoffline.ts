import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

/** The real Terraform, with a provider that plays Google's from its schema: no network, no account. */
const ROOT = join(import.meta.dirname, '../..');
const TOOL = process.env['SLIPWAY_TFOFFLINE'] ?? join(ROOT, '../shared/tools/tfoffline');
const MEGABYTES = 64 * 1024 * 1024;
const run = promisify(execFile);

/** A resource as it would be, without what is known only once it is there. */
export interface PlannedResource {
  readonly address: string;
  readonly mode: 'managed' | 'data';
  readonly type: string;
  readonly name: string;
  /** The key of a `for_each` or `count`. */
  readonly index?: string | number;
  readonly values: Readonly<Record<string, unknown>>;
}

interface PlannedModule {
  readonly resources?: readonly PlannedResource[];
  readonly child_modules?: readonly PlannedModule[];
}

/** What `terraform show -json` says of a plan, as far as it is used. */
export interface Plan {
  readonly planned_values: {
    readonly outputs?: Readonly<Record<string, { readonly value?: unknown }>>;
    readonly root_module: PlannedModule;
  };
  readonly resource_changes: readonly {
    readonly address: string;
    readonly type: string;
    readonly change: {
      readonly actions: readonly string[];
      readonly after: unknown;
      readonly after_unknown: unknown;
    };
  }[];
  readonly configuration: unknown;
}

/** Thrown where Terraform does not plan: `message` has what it printed. */
export class PlanFailedError extends Error {
  override readonly name = 'PlanFailedError';
}

/** Whether plans can be made here; where not, it is said once, and tests that need one are skipped. */
export function hasTerraform(): boolean {
  const missing = whatIsMissing();
  if (missing !== null) console.warn(`terraform: tests that plan are skipped: ${missing}`);
  return missing === null;
}

function whatIsMissing(): string | null {
  if (!existsSync(TOOL)) return `there is no ${TOOL} (SLIPWAY_TFOFFLINE names another place)`;
  try {
    execFileSync('terraform', ['version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'there is no terraform on PATH';
  }
}

const plans = new Map<string, Promise<Plan>>();

/**
 * The plan of a folder, relative to the repository's root, from nothing. It takes some seconds, so one that was made of the same
 * files and variables before, by any test file, is taken again.
 * @param vars values of its variables, by name, as JSON has them
 * @throws PlanFailedError
 */
export function planOf(
  folder: string,
  { vars = {} }: { vars?: Readonly<Record<string, unknown>> } = {},
): Promise<Plan> {
  const key = keyOf(folder, vars);
  const plan =
    plans.get(key) ?? storedPlan(folder, vars, join(tmpdir(), `slipway-plans-${process.getuid?.() ?? ''}`, key));
  plans.set(key, plan);
  return plan;
}

/** All resources of a plan that Terraform would make, those of its modules too. */
export function resourcesOf(plan: Plan, type?: string): readonly PlannedResource[] {
  const within = ({ resources = [], child_modules = [] }: PlannedModule): readonly PlannedResource[] => [
    ...resources.filter(({ mode }) => mode === 'managed'),
    ...child_modules.flatMap(within),
  ];
  const all = within(plan.planned_values.root_module);
  return type === undefined ? all : all.filter((resource) => resource.type === type);
}

async function storedPlan(folder: string, vars: Readonly<Record<string, unknown>>, file: string): Promise<Plan> {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Plan;
  const plan = await freshPlan(folder, vars);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // Whole or not there, for a test file beside this one.
  writeFileSync(`${file}.${process.pid}`, plan);
  renameSync(`${file}.${process.pid}`, file);
  return JSON.parse(plan) as Plan;
}

async function freshPlan(folder: string, vars: Readonly<Record<string, unknown>>): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-plan-'));
  const [varFile, planFile] = [join(scratch, 'vars.tfvars.json'), join(scratch, 'plan.bin')];
  writeFileSync(varFile, JSON.stringify(vars));
  const terraform = async (...args: string[]): Promise<string> => {
    try {
      return (await run(TOOL, [join(ROOT, folder), ...args], { maxBuffer: MEGABYTES })).stdout;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new PlanFailedError(`terraform ${args[0]} of ${folder}:\n${stdout}${stderr}`, { cause: error });
    }
  };
  try {
    await terraform('plan', '-input=false', `-var-file=${varFile}`, `-out=${planFile}`);
    return await terraform('show', '-json', planFile);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A plan may read whatever stands under terraform/, and the rules that it releases. */
function keyOf(folder: string, vars: Readonly<Record<string, unknown>>): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([ROOT, folder, vars]))
    .update(readFileSync(TOOL));
  for (const file of [...filesUnder(join(ROOT, 'terraform')).sort(), join(ROOT, 'firestore.rules')]) {
    hash.update(`\0${relative(ROOT, file)}\0`).update(readFileSync(file));
  }
  return `${hash.digest('hex').slice(0, 32)}.json`;
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === '.terraform' ? [] : filesUnder(path);
    return entry.isFile() ? [path] : [];
  });
}
