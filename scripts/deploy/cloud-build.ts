import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command, Ran, Run } from './commands.ts';
import { registryOf, type Environment } from './environment.ts';
import type { Image } from './images.ts';
import { keyOf } from './registry.ts';

/** Images of models with their weights are large, and take their time. */
const DISK_GB = 200;
export const LONGEST_S = 7_200;
/** How a step says which half of it failed. */
export const NOT_BUILT = 10;
export const NOT_PUSHED = 11;

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
    // An account of one's own may not write to Cloud Build's default bucket of logs. The machine is the default one: a young
    // project is refused the others in most regions.
    options: { logging: 'CLOUD_LOGGING_ONLY', diskSizeGb: DISK_GB },
    timeout: `${LONGEST_S}s`,
  };
}

/** Who builds, and where. */
export interface Builder {
  readonly run: Run;
  readonly environment: Environment;
  /** Whether in the global pool, and not in that of the home region. */
  readonly buildGlobally: boolean;
}

/** A command on builds, where they are. */
export function onBuilds({ environment, buildGlobally }: Builder, args: readonly string[]): Command {
  const { project, home } = environment;
  const all = ['builds', ...args, ...(buildGlobally ? [] : [`--region=${home}`]), `--project=${project}`];
  // Without a word, gcloud takes the region that it is set to.
  return { program: 'gcloud', args: all, ...(buildGlobally ? { env: { CLOUDSDK_BUILDS_REGION: 'global' } } : {}) };
}

/**
 * Sends the contexts of these images to be built, and waits for it. What gcloud complains of is kept.
 * @param folder the copies of all contexts
 * @param config where the configuration of the build goes
 */
export async function sendBuild(
  builder: Builder,
  { folder, config, images, tag }: { folder: string; config: string; images: readonly Image[]; tag: string },
): Promise<Ran> {
  // Without one, gcloud leaves out by rules of its own.
  await writeFile(join(folder, '.gcloudignore'), '# nothing\n');
  await writeFile(config, JSON.stringify(buildConfig(images, registryOf(builder.environment), tag), null, 2));
  return builder.run(submission(builder, folder, config));
}

function submission(builder: Builder, folder: string, config: string): Command {
  const { project, prefix } = builder.environment;
  const account = `projects/${project}/serviceAccounts/${prefix}-build@${project}.iam.gserviceaccount.com`;
  const args = [
    ...['submit', folder, `--config=${config}`, `--service-account=${account}`],
    ...[`--gcs-source-staging-dir=gs://${project}-${prefix}-build/source`, '--suppress-logs'],
  ];
  return { ...onBuilds(builder, args), isShown: true, isErrKept: true };
}
