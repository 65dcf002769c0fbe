import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { z } from 'zod';
import { DeployError, UsageError } from './errors.ts';

/** A deployment, as `terraform/envs/<name>/terraform.tfvars.json` has it. */
export interface Environment {
  readonly name: string;
  /** Its root configuration, below the repository. */
  readonly folder: string;
  readonly project: string;
  /** Where all but the pools is: the first of `regions`. */
  readonly home: string;
  /** What all its names begin with: set, or made of `name` here and nowhere else. */
  readonly prefix: string;
  /** Further folders of models, absolute: those that it sets, then those of SLIPWAY_MODELS. */
  readonly models: readonly string[];
}

export const USER_FILE = 'terraform.tfvars.json';
/** What a deployment finds out; Terraform reads it by itself. */
export const FOUND_FILE = 'deploy.auto.tfvars.json';

const PREFIX_FAULT = 'must be 3 to 14 lower-case letters, digits and hyphens, and begin with a letter';
const User = z.looseObject({
  project: z
    .string()
    .regex(
      /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
      'must be the id of a project: 6 to 30 lower-case letters, digits, hyphens',
    ),
  regions: z.array(z.string().regex(/^[a-z]+-[a-z]+\d+$/, 'must be a region, such as us-central1')).min(1),
  prefix: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,12}[a-z0-9]$/, PREFIX_FAULT)
    .optional(),
  models: z.array(z.string().regex(/^[^:]+$/, 'must be a folder, and cannot have a ":" in it')).default([]),
});

const EXAMPLE = JSON.stringify({ project: 'the-id-of-your-project', regions: ['us-central1'] }, null, 2);

/** @throws UsageError where there is no such environment; DeployError where its settings are not there, or wrong */
export function readEnvironment(root: string, name: string, env: NodeJS.ProcessEnv = {}): Environment {
  const all = join(root, 'terraform/envs');
  const folder = `terraform/envs/${name}`;
  // What all environments share lies beside them.
  const isOne = (which: string): boolean => existsSync(join(all, which, 'environment.tf'));
  if (!/^[a-z][a-z0-9-]*$/.test(name) || !isOne(name)) {
    const known = existsSync(all) ? readdirSync(all).filter(isOne).sort().join(', ') : 'none';
    throw new UsageError(
      `--env ${name}: ${folder} is no environment, since it has no environment.tf. Environments: ${known}.`,
    );
  }
  const file = `${folder}/${USER_FILE}`;
  let text: string;
  try {
    text = readFileSync(join(root, file), 'utf8');
  } catch {
    throw new DeployError(`${file} is not there. Write it, with your project in it:\n\n${EXAMPLE}\n`);
  }
  const { project, regions, models, prefix = `slipway-${name}` } = parsed(file, text);
  if (!User.shape.prefix.safeParse(prefix).success) {
    throw new DeployError(`${file}: prefix is "${prefix}" unless set, and ${PREFIX_FAULT}. Set it.`);
  }
  const further = (env['SLIPWAY_MODELS'] ?? '').split(delimiter).filter((path) => path !== '');
  const folders = [...models, ...further].map((path) => resolve(root, path));
  return { name, folder, project, home: regions[0] ?? '', prefix, models: [...new Set(folders)] };
}

function parsed(file: string, text: string): z.infer<typeof User> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new DeployError(`${file} is no JSON: ${(error as Error).message}. It has to be like\n\n${EXAMPLE}\n`);
  }
  const read = User.safeParse(json);
  if (read.success) return read.data;
  const faults = read.error.issues.map(({ path, message }) => `  ${path.join('.') || 'all of it'}: ${message}`);
  throw new DeployError(`${file} cannot be used:\n${faults.join('\n')}`);
}

/** The bucket of Terraform's state. */
export const stateBucketOf = ({ project, prefix }: Environment): string => `${project}-${prefix}-state`;

/** Where images are, without a slash at its end. */
export const registryOf = ({ home, project, prefix }: Environment): string =>
  `${home}-docker.pkg.dev/${project}/${prefix}`;
