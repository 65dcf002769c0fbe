import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FUNCTION_NAMES } from '../../eventarc/routes.ts';
import { DeployError } from './errors.ts';

/** How the images of all functions are made, below the repository. */
export const FUNCTION_DOCKERFILE = 'functions/Dockerfile';

/** What runs in Google Cloud, and the folder below `dist` that its image is made of. */
export interface Image {
  readonly group: 'functions' | 'pools' | 'receiver';
  /** Its function or pool. */
  readonly name: string;
  /** Its name in the registry. */
  readonly image: string;
  readonly folder: string;
  /** Of its content: the same files are the same image, whoever builds them when. */
  readonly tag: string;
}

const Pools = z.record(z.string(), z.looseObject({ image: z.string().nullish() }));
/** The pools that the build has made, by name: Terraform is given them as they are. One that has its image already needs none. */
export type Pools = z.infer<typeof Pools>;

export interface Built {
  readonly images: readonly Image[];
  readonly pools: Pools;
}

/** Everything in `dist` that is deployed as an image. @throws DeployError where something is not there */
export function builtImages(root: string): Built {
  const dist = join(root, 'dist');
  const dockerfile = readFileSync(join(root, FUNCTION_DOCKERFILE));
  const pools = readPools(dist);
  const named = (group: Image['group'], name: string, image: string, folder: string, extra: Extra = {}): Image => ({
    group,
    name,
    image,
    folder,
    tag: tagOf(filesIn(dist, folder), extra),
  });
  return {
    pools,
    images: [
      ...FUNCTION_NAMES.map((name) =>
        named('functions', name, `function-${name}`, `functions/${name}`, { Dockerfile: dockerfile }),
      ),
      ...Object.entries(pools)
        .filter(([, { image }]) => image === undefined || image === null)
        .map(([name]) => named('pools', name, `pool-${name}`, `images/${name}`)),
      named('receiver', 'receiver', 'receiver', 'receiver'),
    ],
  };
}

type Extra = Readonly<Record<string, Uint8Array>>;

function readPools(dist: string): Pools {
  const file = join(dist, 'pools.json');
  const read = existsSync(file) ? Pools.safeParse(JSON.parse(readFileSync(file, 'utf8'))) : null;
  if (read?.success === true) return read.data;
  throw new DeployError(`dist/pools.json is not there, or has no pools by name. Run npm run build.`);
}

/** The files of a folder by their path in it. */
function filesIn(dist: string, folder: string): Map<string, Uint8Array> {
  const path = join(dist, folder);
  if (!existsSync(path)) throw new DeployError(`dist/${folder} is not there, and is what an image is made of.`);
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [file.slice(path.length + 1), readFileSync(file)]));
}

/** The first 16 hex digits of a sha256 over all paths, in order, and what lies there. */
export function tagOf(files: ReadonlyMap<string, Uint8Array>, extra: Extra = {}): string {
  const hash = createHash('sha256');
  // A path that both have cannot be: what is extra lies outside the folder.
  const all = [...files, ...Object.entries(extra).map(([path, bytes]) => [`../${path}`, bytes] as const)];
  for (const [path, bytes] of all.sort(([a], [b]) => (a < b ? -1 : 1))) {
    // With its length, so that no bytes can be taken for the next path.
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex').slice(0, 16);
}

/** What Terraform is told: `var.images`, by digest. */
export interface ImageVariable {
  readonly functions: Readonly<Record<string, string>>;
  readonly pools: Readonly<Record<string, string>>;
  readonly receiver: string;
}

/** @param digestOf `sha256:...` of an image in the registry */
export function imageVariable(
  images: readonly Image[],
  registry: string,
  digestOf: (image: Image) => string,
): ImageVariable {
  const named = (group: Image['group']): Record<string, string> =>
    Object.fromEntries(
      images
        .filter((image) => image.group === group)
        .map((image) => [image.name, `${registry}/${image.image}@${digestOf(image)}`]),
    );
  return { functions: named('functions'), pools: named('pools'), receiver: named('receiver')['receiver'] ?? '' };
}

/** Stands for images that are not built yet, where Terraform wants to be told all variables though it needs none of them. */
export const NO_DIGEST = `sha256:${'0'.repeat(64)}`;
