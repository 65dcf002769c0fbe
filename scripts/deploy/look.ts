import { z } from 'zod';
import type { Command, Ran, Run } from './commands.ts';
import type { Environment } from './environment.ts';
import { DeployError } from './errors.ts';

const NEEDED = [1, 11] as const;
/** As it is said where an API is off in the project that a request counts on. */
const DISABLED = /SERVICE_DISABLED|has not been used in project|is not enabled|it is disabled/i;
const gcloud = (...args: readonly string[]): Command => ({ program: 'gcloud', args });

/**
 * Whether everything is there that a deployment needs, before it changes anything.
 * @returns the project's number
 * @throws DeployError for the first thing that is missing, with what to do
 */
export async function look(
  run: Run,
  { project }: Pick<Environment, 'project'>,
  say: (line: string) => void,
): Promise<string> {
  await lookForTerraform(run);
  await good(
    run,
    gcloud('--version'),
    () => 'gcloud is not here. Install it: https://cloud.google.com/sdk/docs/install',
  );
  // These print tokens: what they say is looked at for its being there, and dropped.
  await good(run, gcloud('auth', 'print-access-token'), () => 'gcloud is not logged in. Run: gcloud auth login');
  await good(
    run,
    gcloud('auth', 'application-default', 'print-access-token'),
    () =>
      'Terraform has no credentials. Run: gcloud auth application-default login\n' +
      `then: gcloud auth application-default set-quota-project ${project}`,
  );
  const format = '--format=value(lifecycleState,projectNumber)';
  const described = await good(run, gcloud('projects', 'describe', project, format), (why) =>
    DISABLED.test(why)
      ? `The project ${project} cannot be asked: ${why}\n` +
        'The APIs that tell of projects are off in the one that your requests count on. Turn them on, there (its number is above) or ' +
        `here:\ngcloud services enable cloudresourcemanager.googleapis.com cloudbilling.googleapis.com --project=${project}`
      : `The project ${project} cannot be seen: ${why}\nMake it (gcloud projects create ${project}), or have yourself given a role there.`,
  );
  const [state = '', number = ''] = described.out.trim().split('\t');
  if (state !== 'ACTIVE') throw new DeployError(`The project ${project} is ${state}.`);
  await lookAtBilling(run, project, say);
  return number;
}

async function lookForTerraform(run: Run): Promise<void> {
  const remedy = `Terraform ${NEEDED.join('.')} or later is needed: https://developer.hashicorp.com/terraform/install`;
  const { out } = await good(run, { program: 'terraform', args: ['version', '-json'] }, () => remedy);
  const version = z.object({ terraform_version: z.string() }).safeParse(jsonOf(out)).data?.terraform_version ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isGood = major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
  if (!isGood) throw new DeployError(`This is Terraform ${version || 'of no version that it tells'}. ${remedy}`);
}

/** Who may not see it may deploy all the same: that is no reason to stop. */
async function lookAtBilling(run: Run, project: string, say: (line: string) => void): Promise<void> {
  const { code, out, err } = await run(
    gcloud('billing', 'projects', 'describe', project, '--format=value(billingEnabled)'),
  );
  if (code !== 0) return say(`Whether billing is on cannot be seen, so that is taken for granted: ${lastLine(err)}`);
  if (out.trim() === 'True') return;
  throw new DeployError(
    `Billing is off in ${project}, and nothing of this works without. Turn it on:\n` +
      `gcloud billing projects link ${project} --billing-account=ACCOUNT   # gcloud billing accounts list`,
  );
}

/** What a command says that has to go well. @throws DeployError of what `remedy` makes of its last complaint */
export async function good(run: Run, command: Command, remedy: (why: string) => string): Promise<Ran> {
  const ran = await run(command);
  if (ran.code !== 0) throw new DeployError(remedy(lastLine(ran.err)));
  return ran;
}

const lastLine = (text: string): string => {
  const lines = text.trim().split('\n');
  return lines.find((line) => line.startsWith('ERROR:')) ?? lines.at(-1) ?? '';
};

/** What a text is as JSON; undefined where it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
