import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from './commands.ts';
import { registryOf, type Environment } from './environment.ts';
import { FUNCTION_DOCKERFILE, type Image } from './images.ts';
import { keyOf } from './registry.ts';

/** Images of models with their weights are large, and take their time. */
const DISK_GB = 200;
const LONGEST = '7200s';

interface Step {
  readonly id: string;
  readonly name: string;
  readonly env: readonly string[];
  readonly args: readonly string[];
  readonly waitFor: readonly string[];
}

/** One build of Cloud Build (its API's Build). */
export interface BuildConfig {
  readonly steps: readonly Step[];
  readonly images: readonly string[];
  readonly options: Readonly<Record<string, string | number>>;
  readonly timeout: string;
}

/** Builds these images, all beside each other, and pushes them when all are there. */
export function buildConfig(images: readonly Image[], registry: string): BuildConfig {
  const pathOf = (image: Image): string => `${registry}/${keyOf(image)}`;
  const dockerfileOf = ({ group, folder }: Image): string =>
    group === 'functions' ? FUNCTION_DOCKERFILE : `${folder}/Dockerfile`;
  return {
    steps: images.map((image) => ({
      id: image.image,
      name: 'gcr.io/cloud-builders/docker',
      env: ['DOCKER_BUILDKIT=1'],
      args: ['build', '--file', dockerfileOf(image), '--tag', pathOf(image), image.folder],
      waitFor: ['-'],
    })),
    images: images.map(pathOf),
    // An account of one's own may not write to Cloud Build's default bucket of logs.
    options: { logging: 'CLOUD_LOGGING_ONLY', machineType: 'E2_HIGHCPU_8', diskSizeGb: DISK_GB },
    timeout: LONGEST,
  };
}

/** Puts what a build needs, and nothing else, into a folder beside its configuration. @returns what sends it */
export async function stageBuild(
  root: string,
  folder: string,
  images: readonly Image[],
  environment: Environment,
): Promise<Command> {
  const { project, prefix, home } = environment;
  const source = join(folder, 'source');
  await mkdir(join(source, 'functions'), { recursive: true });
  await cp(join(root, FUNCTION_DOCKERFILE), join(source, FUNCTION_DOCKERFILE));
  for (const image of images)
    await cp(join(root, 'dist', image.folder), join(source, image.folder), { recursive: true });
  // Without one, gcloud leaves out by rules of its own.
  await writeFile(join(source, '.gcloudignore'), '# nothing\n');
  const config = join(folder, 'cloudbuild.json');
  await writeFile(config, JSON.stringify(buildConfig(images, registryOf(environment)), null, 2));
  const account = `projects/${project}/serviceAccounts/${prefix}-build@${project}.iam.gserviceaccount.com`;
  return {
    program: 'gcloud',
    isShown: true,
    args: [
      ...['builds', 'submit', source, `--config=${config}`],
      ...[`--project=${project}`, `--region=${home}`, `--service-account=${account}`],
      ...[`--gcs-source-staging-dir=gs://${project}-${prefix}-build/source`, '--suppress-logs'],
    ],
  };
}
