import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Run } from './commands.ts';
import { stageBuild } from './cloud-build.ts';
import { FOUND_FILE, registryOf, type Environment } from './environment.ts';
import { DeployError } from './errors.ts';
import { layGround } from './ground.ts';
import { builtImages, imageVariable, NO_DIGEST, type Built, type Image } from './images.ts';
import { look } from './look.ts';
import { nextSteps } from './next-steps.ts';
import { digestsIn, keyOf, missingIn, type Digests } from './registry.ts';
import { terraformIn, type Terraform, type TerraformOptions } from './terraform.ts';

export interface Deployment extends Pick<TerraformOptions, 'run' | 'say' | 'ask' | 'planOnly' | 'environment'> {
  readonly root: string;
  /** Resolves so many milliseconds later. */
  readonly pause: (ms: number) => Promise<void>;
}

/** The registry's part of the environment: Terraform takes along what it depends on, the APIs. */
const REGISTRY = 'module.slipway.module.registry';
/** A new account's rights are not known everywhere at once. */
const BUILD_TRIES = 4;
const BUILD_AGAIN_MS = 30_000;

/**
 * Brings an environment to what this source says. Each step looks at what is there already, so that after any failure or
 * interruption the same again goes on.
 * @throws DeployError
 */
export async function deploy(deployment: Deployment): Promise<void> {
  const { run, say, root, environment } = deployment;
  // Made for its owner alone; gone at the end, however that comes.
  const folder = await mkdtemp(join(tmpdir(), 'slipway-deploy-'));
  try {
    await look(run, environment, say);
    const built = await buildAll(run, root);
    await layGround(run, environment);
    const terraform = terraformIn({ ...deployment, folder });
    await terraform.init();
    const digests = await pushImages({ ...deployment, folder, terraform }, built);
    if (digests === null)
      return say(`\nPlanned only: without its registry there are no images, and no plan of the rest.`);
    await writeFound(root, environment, built, digests);

    const because = `All of ${environment.prefix}, in project ${environment.project}.`;
    const outcome = await terraform.apply({ because });
    if (outcome === 'planned') return say('\nPlanned only: nothing was applied.');
    if (outcome === 'nothing to do') say('\nEverything is as it should be already.');
    for (const line of nextSteps(await terraform.outputs())) say(line);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `npm run build`, by the Node that runs this. */
async function buildAll(run: Run, root: string): Promise<Built> {
  const { code } = await run({ program: process.execPath, args: ['scripts/build.ts'], isShown: true });
  if (code !== 0) throw new DeployError('The build failed, as it says above.');
  return builtImages(root);
}

type Pushing = Deployment & { readonly folder: string; readonly terraform: Terraform };

/** Builds what is not in the registry. @returns the digests of all; null where the registry itself is only planned */
async function pushImages(pushing: Pushing, { images, pools }: Built): Promise<Digests | null> {
  const { run, say, environment, terraform, folder, planOnly } = pushing;
  let digests = await digestsIn(run, environment);
  let missing = missingIn(images, digests);
  if (missing.length === 0) {
    say('Every image is in the registry already.');
    return digests;
  }
  say(`To be built: ${missing.map(({ image }) => image).join(', ')}.`);
  const variables = join(folder, 'no-images.tfvars.json');
  await writeFile(
    variables,
    foundOf({ images, pools }, registryOf(environment), () => NO_DIGEST),
  );
  const because =
    'First the registry, with the APIs and the account that builds: images have to be there before what runs them.';
  const registry = await terraform.apply({ only: { module: REGISTRY, variables }, because });
  if (registry === 'planned') return null;

  const tries = registry === 'applied' ? BUILD_TRIES : 1;
  for (let tried = 0; tried < tries && missing.length > 0; tried += 1) {
    if (tried > 0) {
      say(`The rights of the new account may not be known everywhere yet: again in ${BUILD_AGAIN_MS / 1_000} s.`);
      await pushing.pause(BUILD_AGAIN_MS);
    }
    await build(pushing, join(folder, `build-${tried}`), missing);
    digests = await digestsIn(run, environment);
    missing = missingIn(images, digests);
  }
  if (missing.length === 0) return digests;
  const what = missing.map(({ image }) => image).join(', ');
  throw new DeployError(
    `Not in the registry after the build: ${what}. Its log: gcloud builds list --region=${environment.home} ` +
      `--project=${environment.project} --limit=1, then gcloud builds log ID with the same two.${planOnly ? ' Nothing was planned.' : ''}`,
  );
}

/** Whether it went well is told by what is in the registry afterwards. */
async function build({ run, root, environment }: Pushing, folder: string, images: readonly Image[]): Promise<void> {
  await run(await stageBuild(root, folder, images, environment));
}

const foundOf = ({ images, pools }: Built, registry: string, digestOf: (image: Image) => string): string =>
  `${JSON.stringify({ images: imageVariable(images, registry, digestOf), pools }, null, 2)}\n`;

/** Never half of it, which the next plan would read. */
async function writeFound(root: string, environment: Environment, built: Built, digests: Digests): Promise<void> {
  const file = join(root, environment.folder, FOUND_FILE);
  const digestOf = (image: Image): string => digests.get(keyOf(image)) ?? '';
  await writeFile(`${file}.new`, foundOf(built, registryOf(environment), digestOf));
  await rename(`${file}.new`, file);
}
