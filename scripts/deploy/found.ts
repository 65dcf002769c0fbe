import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FUNCTION_NAMES } from '../../eventarc/routes.ts';
import { FOUND_FILE, registryOf, type Environment } from './environment.ts';
import type { Built, Image } from './images.ts';

/** Stands for images that are not built yet, where Terraform wants to be told all variables though it needs none of them. */
const NO_DIGEST = `sha256:${'0'.repeat(64)}`;

/** What Terraform is told: `var.images`, by digest. */
export interface ImageVariable {
  readonly functions: Readonly<Record<string, string>>;
  readonly pools: Readonly<Record<string, string>>;
  readonly receiver: string;
}

/** The variables that a deployment finds out, and nobody sets. */
interface Found {
  readonly images: ImageVariable;
  readonly pools: Built['pools'];
  readonly prefix: string;
}

/** @param digestOf `sha256:...` of an image in the registry */
function foundOf(environment: Environment, { images, pools }: Built, digestOf: (image: Image) => string): Found {
  const registry = registryOf(environment);
  const named = (group: Image['group']): Record<string, string> =>
    Object.fromEntries(
      images
        .filter((image) => image.group === group)
        .map((image) => [image.name, `${registry}/${image.image}@${digestOf(image)}`]),
    );
  return {
    images: { functions: named('functions'), pools: named('pools'), receiver: named('receiver')['receiver'] ?? '' },
    pools,
    prefix: environment.prefix,
  };
}

/** Writes them where Terraform reads them by itself; never half of it, which the next plan would read. */
export async function writeFound(
  root: string,
  environment: Environment,
  built: Built,
  digestOf: (image: Image) => string,
): Promise<void> {
  const file = join(root, environment.folder, FOUND_FILE);
  await writeJson(`${file}.new`, foundOf(environment, built, digestOf));
  await rename(`${file}.new`, file);
}

/** Writes them for what needs no images, and may come before any. @returns the file */
export async function writePlaceholders(folder: string, environment: Environment, built: Built): Promise<string> {
  const file = join(folder, 'no-images.tfvars.json');
  await writeJson(
    file,
    foundOf(environment, built, () => NO_DIGEST),
  );
  return file;
}

/** What is built by a checkout in which nothing was. */
export const NOTHING_BUILT: Built = {
  pools: {},
  images: [
    ...FUNCTION_NAMES.map((name) => ({
      group: 'functions' as const,
      name,
      image: `function-${name}`,
      folder: '',
      tag: '',
    })),
    { group: 'receiver', name: 'receiver', image: 'receiver', folder: '', tag: '' },
  ],
};

const writeJson = (file: string, value: object): Promise<void> =>
  writeFile(file, `${JSON.stringify(value, null, 2)}\n`);
