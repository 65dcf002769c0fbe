import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
export const TERRAFORM = join(ROOT, 'terraform');

/** Plays Google to the real Terraform; where it is not, nobody here can run it, since providers cannot be had. */
const OFFLINE = process.env['SLIPWAY_TFOFFLINE'] ?? join(ROOT, '../shared/tools/tfoffline');

/** Why what needs Terraform is skipped, or null. */
export const whyNot = existsSync(OFFLINE) ? null : `there is no ${OFFLINE}`;

/** One resource, or one of its instances, after an apply. */
export interface Applied {
  /** As `module.slipway.module.topic["nudges"].google_pubsub_topic.this`. */
  readonly address: string;
  readonly type: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface Run {
  readonly ok: boolean;
  /** What Terraform printed. */
  readonly text: string;
}

/** Runs `terraform <args>` in a folder, offline. */
export function terraform(folder: string, args: readonly string[]): Run {
  const { status, stdout, stderr } = spawnSync(OFFLINE, [folder, ...args], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  return { ok: status === 0, text: stdout + stderr };
}

/**
 * All that an apply on a fresh project would make, with what Google would have answered made up.
 * @throws Error with all that Terraform said, where it fails
 */
export function applied(folder: string, settings: object): Applied[] {
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-terraform-'));
  try {
    const [variables, state] = [join(scratch, 'settings.tfvars.json'), join(scratch, 'state')];
    writeFileSync(variables, JSON.stringify(settings));
    const run = terraform(folder, ['apply', '-no-color', `-var-file=${variables}`, `-state=${state}`]);
    if (!run.ok) throw new Error(`terraform apply in ${folder}:\n${run.text}`);
    return resourcesIn(JSON.parse(readFileSync(state, 'utf8')) as State);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface State {
  readonly resources: readonly {
    readonly mode: string;
    readonly module?: string;
    readonly type: string;
    readonly name: string;
    readonly instances: readonly { readonly index_key?: string | number; readonly attributes: Applied['attributes'] }[];
  }[];
}

function resourcesIn({ resources }: State): Applied[] {
  return resources
    .filter(({ mode }) => mode === 'managed')
    .flatMap(({ module = '', type, name, instances }) =>
      instances.map(({ index_key: key, attributes }) => ({
        address: `${module}.${type}.${name}${key === undefined ? '' : `[${JSON.stringify(key)}]`}`,
        type,
        attributes,
      })),
    );
}
