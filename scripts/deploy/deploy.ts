import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Run } from './commands.ts';
import { USER_FILE, type Environment } from './environment.ts';
import { DeployError } from './errors.ts';
import { NOTHING_BUILT, writeFound, writePlaceholders } from './found.ts';
import { isStateThere, layGround } from './ground.ts';
import { stageImages } from './images.ts';
import { holdCheckout } from './lock.ts';
import { look } from './look.ts';
import { nextSteps } from './next-steps.ts';
import { pushImages, type Pushing } from './push-images.ts';
import { keyOf } from './registry.ts';
import { terraformIn, type TerraformOptions } from './terraform.ts';

export interface Deployment extends Omit<TerraformOptions, 'folder'>, Pick<Pushing, 'pause' | 'buildGlobally'> {
  readonly root: string;
}

/**
 * Brings an environment to what this source says. Each step looks at what is there already, so that after any failure or
 * interruption the same again goes on.
 * @throws DeployError
 */
export async function deploy(deployment: Deployment): Promise<void> {
  const { run, say, root, environment } = deployment;
  await alone(deployment, 'deploys', async (folder) => {
    const number = await look(run, environment, say);
    await buildAll(run, environment);
    const contexts = join(folder, 'contexts');
    const built = await stageImages(root, contexts);
    await layGround(run, environment, number);
    const terraform = terraformIn({ ...deployment, folder });
    await terraform.init();
    const digests = await pushImages({ ...deployment, folder, contexts, terraform }, built);
    if (digests === null)
      return say(`\nPlanned only: without its registry there are no images, and no plan of the rest.`);
    await writeFound(root, environment, built, (image) => digests.get(keyOf(image)) ?? '');

    const because = `All of ${environment.prefix}, in project ${environment.project}.`;
    const outcome = await terraform.apply({ because });
    if (outcome === 'planned') return say('\nPlanned only: nothing was applied.');
    if (outcome === 'nothing to do') say('\nEverything is as it should be already.');
    for (const line of nextSteps(await terraform.outputs())) say(line);
  });
}

/** The part of an environment that is the project's, whatever else is in it: its APIs, and the roles of Google's own accounts. */
const PROJECT = 'module.slipway.module.project';

/**
 * Takes an environment away, but for what it shares with whatever else is in the project, and for the bucket of its state.
 * @throws DeployError
 */
export async function takeAway(deployment: Deployment): Promise<void> {
  const { run, say, environment, planOnly } = deployment;
  await alone(deployment, 'takes away', async (folder) => {
    const number = await look(run, environment, say);
    if (!(await isStateThere(run, environment, number)))
      return say('\nThere is nothing to take away: it has no state.');
    const terraform = terraformIn({ ...deployment, folder });
    await terraform.init();
    // Who only plans changes nothing, the state neither.
    if (planOnly) say(`${PROJECT} is in this plan, and would be left as it is.`);
    else await terraform.forget(PROJECT);

    const variables = await writePlaceholders(folder, environment, NOTHING_BUILT);
    const because = `All of ${environment.prefix} goes away, in project ${environment.project}, with all that is in it.`;
    const outcome = await terraform.apply({ destroys: true, variables, because });
    if (outcome === 'planned') return say('\nPlanned only: nothing was destroyed.');
    say('\nIt is gone. What stays, and how to remove it: docs/deploy.md, "Taking it away".');
  });
}

/** Does a deployment's work with the checkout to itself, and in a folder made for its owner alone; both go, however that ends. */
async function alone(
  { root, environment }: Deployment,
  verb: string,
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const release = holdCheckout(root, `which ${verb} ${environment.name}`);
  try {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-deploy-'));
    try {
      await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } finally {
    release();
  }
}

/** `npm run build`, by the Node that runs this, with the environment's models. */
async function buildAll(run: Run, { models, folder }: Environment): Promise<void> {
  const missing = models.find((path) => !existsSync(path));
  if (missing !== undefined) {
    throw new DeployError(`There is no folder ${missing}: see models in ${folder}/${USER_FILE}, and SLIPWAY_MODELS.`);
  }
  const env = models.length === 0 ? {} : { env: { SLIPWAY_MODELS: models.join(delimiter) } };
  const { code } = await run({ program: process.execPath, args: ['scripts/build.ts'], isShown: true, ...env });
  if (code !== 0) throw new DeployError('The build failed, as it says above.');
}
