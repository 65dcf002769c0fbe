import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Command, Run } from './commands.ts';
import { registryOf, type Environment } from './environment.ts';
import type { Image } from './images.ts';
import { jsonOf } from './look.ts';
import { keyOf } from './registry.ts';

/** Images of models with their weights are large, and take their time. */
const DISK_GB = 200;
const LONGEST = '7200s';
/** How a step says which half of it failed. */
const NOT_BUILT = 10;
const NOT_PUSHED = 11;

interface Step {
  readonly id: string;
  readonly name: string;
  readonly entrypoint: string;
  readonly env: readonly string[];
  readonly args: readonly string[];
  readonly waitFor: readonly string[];
  readonly allowFailure: boolean;
}

/** One build of Cloud Build (its API's Build). */
export interface BuildConfig {
  readonly steps: readonly Step[];
  readonly tags: readonly string[];
  readonly options: Readonly<Record<string, string | number>>;
  readonly timeout: string;
}

/** Builds and pushes these images, all beside each other; one that fails keeps no other from it. @param tag what the build is found by */
export function buildConfig(images: readonly Image[], registry: string, tag: string): BuildConfig {
  return {
    steps: images.map((image) => {
      const path = `${registry}/${keyOf(image)}`;
      return {
        id: image.image,
        name: 'gcr.io/cloud-builders/docker',
        entrypoint: 'sh',
        env: ['DOCKER_BUILDKIT=1'],
        args: [
          '-c',
          `docker build --tag ${path} ${image.folder} || exit ${NOT_BUILT}; docker push ${path} || exit ${NOT_PUSHED}`,
        ],
        waitFor: ['-'],
        allowFailure: true,
      };
    }),
    tags: [tag],
    // An account of one's own may not write to Cloud Build's default bucket of logs.
    options: { logging: 'CLOUD_LOGGING_ONLY', machineType: 'E2_HIGHCPU_8', diskSizeGb: DISK_GB },
    timeout: LONGEST,
  };
}

/** What became of a build; of images that are in the registry by now nothing is said. */
export interface Verdict {
  /** Whether the same may go well in a while: it was refused, or a push was, and rights that are new are not known everywhere. */
  readonly isWorthAgain: boolean;
  readonly why: string;
}

/**
 * Sends the contexts of these images to be built, and waits for it.
 * @param folder the copies of all contexts
 * @param config where the configuration of the build goes
 */
export async function sendBuild(
  run: Run,
  environment: Environment,
  { folder, config, images, tag }: { folder: string; config: string; images: readonly Image[]; tag: string },
): Promise<void> {
  // Without one, gcloud leaves out by rules of its own.
  await writeFile(join(folder, '.gcloudignore'), '# nothing\n');
  await writeFile(config, JSON.stringify(buildConfig(images, registryOf(environment), tag), null, 2));
  await run(submission(environment, folder, config));
}

function submission({ project, prefix, home }: Environment, folder: string, config: string): Command {
  const account = `projects/${project}/serviceAccounts/${prefix}-build@${project}.iam.gserviceaccount.com`;
  return {
    program: 'gcloud',
    isShown: true,
    args: [
      ...['builds', 'submit', folder, `--config=${config}`],
      ...[`--project=${project}`, `--region=${home}`, `--service-account=${account}`],
      ...[`--gcs-source-staging-dir=gs://${project}-${prefix}-build/source`, '--suppress-logs'],
    ],
  };
}

const Builds = z.array(
  z.looseObject({
    id: z.string(),
    status: z.string(),
    statusDetail: z.string().optional(),
    failureInfo: z.looseObject({ type: z.string().optional(), detail: z.string().optional() }).optional(),
    steps: z.array(z.looseObject({ id: z.string().optional(), exitCode: z.number().optional() })).default([]),
  }),
);
export type FoundBuild = z.infer<typeof Builds>[number];

/** Why images are missing after the build of this tag. */
export async function askWhy(
  run: Run,
  { project, home }: Environment,
  tag: string,
  missing: readonly Image[],
): Promise<Verdict> {
  const where = [`--region=${home}`, `--project=${project}`];
  const args = ['builds', 'list', ...where, `--filter=tags=${tag}`, '--format=json'];
  const { code, out, err } = await run({ program: 'gcloud', args });
  const found = Builds.safeParse(jsonOf(out));
  if (code !== 0 || !found.success) {
    return { isWorthAgain: false, why: `What became of the build cannot be seen: ${err.trim()}` };
  }
  const [build] = found.data;
  if (build === undefined) {
    return { isWorthAgain: true, why: 'Cloud Build did not take the build, as gcloud says above.' };
  }
  const log = `Its log: gcloud builds log ${build.id} ${where.join(' ')}`;
  const { isWorthAgain, why } = verdictOn(build, missing);
  return { isWorthAgain, why: `${why}\n${log}` };
}

/** @param missing those of its images that are not in the registry */
export function verdictOn(build: FoundBuild, missing: readonly Image[]): Verdict {
  const named = (images: readonly Image[]): string => images.map(({ image }) => image).join(', ');
  const exitOf = ({ image }: Image): number | undefined => build.steps.find(({ id }) => id === image)?.exitCode;
  const faulty = missing.filter((image) => exitOf(image) === NOT_BUILT);
  if (faulty.length > 0) {
    return { isWorthAgain: false, why: `Not built, since a step of its Dockerfile failed: ${named(faulty)}.` };
  }
  if (['TIMEOUT', 'EXPIRED', 'CANCELLED'].includes(build.status)) {
    return { isWorthAgain: false, why: `The build ended as ${build.status}, without ${named(missing)}.` };
  }
  if (['PENDING', 'QUEUED', 'WORKING'].includes(build.status)) {
    const why = `gcloud has lost sight of the build, and it goes on: ${build.status}. Run the same again once it has ended.`;
    return { isWorthAgain: false, why };
  }
  const refused = missing.filter((image) => exitOf(image) === NOT_PUSHED);
  if (refused.length > 0)
    return { isWorthAgain: true, why: `Built, and not taken by the registry: ${named(refused)}.` };
  const { failureInfo, statusDetail } = build;
  const detail = failureInfo?.detail ?? statusDetail ?? failureInfo?.type ?? 'it does not say why';
  return { isWorthAgain: true, why: `The build ended as ${build.status} before ${named(missing)}: ${detail}` };
}
