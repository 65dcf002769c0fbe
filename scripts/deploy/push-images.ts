import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { askWhy, sendBuild } from './cloud-build.ts';
import type { Run } from './commands.ts';
import type { Environment } from './environment.ts';
import { DeployError } from './errors.ts';
import { writePlaceholders } from './found.ts';
import type { Built, Image } from './images.ts';
import { digestsIn, missingIn, type Digests } from './registry.ts';
import type { Terraform } from './terraform.ts';

export interface Pushing {
  readonly run: Run;
  readonly say: (line: string) => void;
  /** Resolves so many milliseconds later. */
  readonly pause: (ms: number) => Promise<void>;
  readonly environment: Environment;
  readonly terraform: Terraform;
  readonly planOnly: boolean;
  /** For what is made on the way. */
  readonly folder: string;
  /** Where the copies of all contexts are. */
  readonly contexts: string;
}

/** The registry's part of the environment: Terraform takes along what it depends on, the APIs. */
const REGISTRY = 'module.slipway.module.registry';
const BUILD_TRIES = 4;
const BUILD_AGAIN_MS = 30_000;

/** Builds what is not in the registry. @returns the digests of all; null where the registry itself is only planned */
export async function pushImages(pushing: Pushing, built: Built): Promise<Digests | null> {
  const { run, say, environment, terraform, folder, planOnly } = pushing;
  const there = await digestsIn(run, environment);
  const missing = missingIn(built.images, there ?? new Map());
  if (there !== null && missing.length === 0) {
    say('Every image is in the registry already.');
    return there;
  }
  say(`To be built: ${missing.map(({ image }) => image).join(', ')}.`);
  // A registry that is there is changed by nobody who only plans, and takes the images as it is.
  if (there === null || !planOnly) {
    const variables = await writePlaceholders(folder, environment, built);
    const because =
      'First the registry, with the APIs and the account that builds: images have to be there before what runs them.';
    if ((await terraform.apply({ only: REGISTRY, variables, because })) === 'planned') return null;
  }
  return builtAll(pushing, built.images, missing);
}

/** Whether a build went well is told by what is in the registry after it: that is what is deployed. */
async function builtAll(pushing: Pushing, images: readonly Image[], first: readonly Image[]): Promise<Digests> {
  const { run, say, environment, folder, contexts, pause } = pushing;
  let missing = first;
  for (let tries = 1; ; tries += 1) {
    const tag = `slipway-deploy-${randomBytes(8).toString('hex')}`;
    for (const each of images) {
      // What is there already need not be sent.
      if (!missing.includes(each)) await rm(join(contexts, each.folder), { recursive: true, force: true });
    }
    await sendBuild(run, environment, {
      folder: contexts,
      config: join(folder, 'cloudbuild.json'),
      images: missing,
      tag,
    });
    const digests = (await digestsIn(run, environment)) ?? new Map<string, string>();
    missing = missingIn(images, digests);
    if (missing.length === 0) return digests;
    const { isWorthAgain, why } = await askWhy(run, environment, tag, missing);
    if (!isWorthAgain || tries === BUILD_TRIES) {
      const what = missing.map(({ image }) => image).join(', ');
      throw new DeployError(`Not in the registry after the build: ${what}.\n${why}`);
    }
    say(`${why}\nRights that are new may not be known everywhere yet: again in ${BUILD_AGAIN_MS / 1_000} s.`);
    await pause(BUILD_AGAIN_MS);
  }
}
