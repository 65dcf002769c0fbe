import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FUNCTION_NAMES } from '../../eventarc/routes.ts';
import { copyContext, tagOf } from './contexts.ts';
import { DeployError } from './errors.ts';

/** How the images of all functions are made, below the repository. */
const FUNCTION_DOCKERFILE = 'functions/Dockerfile';

/** What runs in Google Cloud, and the folder that its image is made of: below `dist`, and below a copy of that. */
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

/**
 * Copies everything in `dist` that is deployed as an image, so that what is sent is what the tag says, whatever becomes of `dist`.
 * @param to a folder that nobody else writes to
 * @throws DeployError where something is not there
 */
export async function stageImages(root: string, to: string): Promise<Built> {
  const dist = join(root, 'dist');
  const pools = readPools(dist);
  const wanted: Omit<Image, 'tag'>[] = [
    ...FUNCTION_NAMES.map((name) => ({
      group: 'functions' as const,
      name,
      image: `function-${name}`,
      folder: `functions/${name}`,
    })),
    ...Object.entries(pools)
      .filter(([, { image }]) => image === undefined || image === null)
      .map(([name]) => ({ group: 'pools' as const, name, image: `pool-${name}`, folder: `images/${name}` })),
    { group: 'receiver', name: 'receiver', image: 'receiver', folder: 'receiver' },
  ];
  const images: Image[] = [];
  for (const image of wanted) {
    const further = image.group === 'functions' ? { Dockerfile: join(root, FUNCTION_DOCKERFILE) } : {};
    const copy = join(to, image.folder);
    await copyContext(join(dist, image.folder), copy, further);
    images.push({ ...image, tag: await tagOf(copy) });
  }
  return { pools, images };
}

function readPools(dist: string): Pools {
  const file = join(dist, 'pools.json');
  const read = existsSync(file) ? Pools.safeParse(JSON.parse(readFileSync(file, 'utf8'))) : null;
  if (read?.success === true) return read.data;
  throw new DeployError(`dist/pools.json is not there, or has no pools by name. Run npm run build.`);
}
