import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { onBuilds, sendBuild } from './cloud-build.ts';
import { lineOf, type Ran } from './commands.ts';
import { DeployError } from './errors.ts';
import { writePlaceholders } from './found.ts';
import type { Built, Image } from './images.ts';
import { isCrash, isForRights, refusalOf } from './refusal.ts';
import { digestsAfterBuild, digestsIn, missingIn, type Digests } from './registry.ts';
import type { Terraform } from './terraform.ts';
import { pushedBy, verdictOn, type Verdict } from './verdict.ts';
import { endOf, type FoundBuild, type Watching } from './watch-build.ts';

export interface Pushing extends Watching {
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
/** A registry may list what was just pushed somewhat later. */
const LIST_AGAIN = 3;
const LIST_AGAIN_MS = 10_000;

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
  const { say, folder, contexts, pause } = pushing;
  let missing = first;
  for (let tries = 1; ; tries += 1) {
    const tag = `slipway-deploy-${randomBytes(8).toString('hex')}`;
    for (const each of images) {
      // What is there already need not be sent.
      if (!missing.includes(each)) await rm(join(contexts, each.folder), { recursive: true, force: true });
    }
    const config = join(folder, 'cloudbuild.json');
    const sent = await sendBuild(pushing, { folder: contexts, config, images: missing, tag });
    const outcome = await outcomeOf(pushing, { sent, tag, images, asked: missing });
    if ('digests' in outcome) return outcome.digests;
    missing = outcome.missing;
    const { isWorthAgain, why } = outcome.verdict;
    if (!isWorthAgain || tries === BUILD_TRIES) {
      const what = missing.map(({ image }) => image).join(', ');
      throw new DeployError(`Not in the registry after the build: ${what}.\n${why}`);
    }
    say(`${why}\nRights that are new may not be known everywhere yet: again in ${BUILD_AGAIN_MS / 1_000} s.`);
    await pause(BUILD_AGAIN_MS);
  }
}

/** What became of what was sent without a good end; null where there is no build. */
async function seenEnd(pushing: Pushing, { err }: Ran, tag: string): Promise<FoundBuild | null> {
  try {
    return await endOf(pushing, tag, isCrash(err));
  } catch (error) {
    // Who may not build yet may not look yet either.
    if (error instanceof DeployError && isForRights(err)) return null;
    throw error;
  }
}

type Outcome = { digests: Digests } | { missing: readonly Image[]; verdict: Verdict };

/** What the registry has after a build; where that is not all, why. @param asked those that were to be built */
async function outcomeOf(
  pushing: Pushing,
  { sent, tag, images, asked }: { sent: Ran; tag: string; images: readonly Image[]; asked: readonly Image[] },
): Promise<Outcome> {
  const { run, environment, buildGlobally, pause } = pushing;
  // Where gcloud has not seen its end, it may go on.
  const watched = sent.code === 0 ? null : await seenEnd(pushing, sent, tag);
  if (sent.code !== 0 && watched === null) {
    return { missing: asked, verdict: refusalOf(sent.err, buildGlobally ? null : environment.home) };
  }
  let digests = await digestsAfterBuild(run, environment);
  let missing = missingIn(images, digests);
  if (missing.length === 0) return { digests };
  const build = watched ?? (await endOf(pushing, tag));
  if (build === null) throw new DeployError('gcloud saw the build end, and Cloud Build does not list it.');
  for (let looks = 0; looks < LIST_AGAIN && pushedBy(build, missing).length > 0; looks += 1) {
    await pause(LIST_AGAIN_MS);
    digests = await digestsAfterBuild(run, environment);
    missing = missingIn(images, digests);
  }
  if (missing.length === 0) return { digests };
  const { isWorthAgain, why } = verdictOn(build, missing);
  return {
    missing,
    verdict: { isWorthAgain, why: `${why}\nIts log: ${lineOf(onBuilds(pushing, ['log', build.id]))}` },
  };
}
