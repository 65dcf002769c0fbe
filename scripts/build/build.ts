import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bundle, type Bundle, type BundleOptions } from './bundle.ts';
import { DEPLOYABLES, WORKER, type Deployable } from './deployables.ts';
import { contextsOf, WORKER_FOLDER, type Context } from './images.ts';
import { buildModels } from './model-files.ts';
import { openToAll } from './modes.ts';
import { POOL_FACTS_FILE, poolsOf } from './pools.ts';
import { breachesOf, type Breach } from './rules.ts';
import { sizesOf, type Sizes } from './sizes.ts';
import { unmetReplacements } from './slim.ts';
import { startFiles } from './start-files.ts';

/** Thrown where a bundle contains what it must not, an image would lack something, or a package is no longer what the build makes smaller. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}

export interface BuildOptions {
  /** Where the folders of the deployables go; what was there goes away. */
  readonly out: string;
  /** The folders of the deployment's models, absolute. */
  readonly modelFolders: readonly string[];
  /** Those to build; all of them unless told otherwise. */
  readonly deployables?: readonly Deployable[];
  readonly without?: BundleOptions['without'];
}

/** Below `out`: the Docker context of each pool, by the pool's name. */
const IMAGES_FOLDER = 'images';

/**
 * Builds each deployable into a folder of its own that needs nothing outside it, and with the worker the context of each pool's image.
 * @throws CatalogueError, BuildError, esbuild's BuildFailure; then nothing has been written
 */
export async function buildAll({
  out,
  modelFolders,
  deployables = DEPLOYABLES,
  without,
}: BuildOptions): Promise<Sizes[]> {
  const built = await buildModels(modelFolders);
  const bundles = new Map<Deployable, Bundle>();
  for (const deployable of deployables) {
    bundles.set(deployable, await bundle(deployable, { models: built.models, ...(without ? { without } : {}) }));
  }
  const faults = [...bundles].flatMap(([deployable, { metafile }]) =>
    breachesOf(deployable, metafile).map((breach) => said(deployable, breach)),
  );
  if (deployables === DEPLOYABLES) {
    faults.push(...unmetReplacements([...bundles.values()].flatMap(({ metafile }) => Object.keys(metafile.inputs))));
  }
  const images = bundles.has(WORKER) ? await contextsOf(built) : null;
  faults.push(...(images?.faults ?? []));
  if (faults.length > 0) throw new BuildError(faults.join('\n'));

  const filesOf = (deployable: Deployable): [string, { text: string }][] =>
    [...(bundles.get(deployable)?.files ?? []), ...built.filesOf(deployable), ...startFiles(deployable)].map(
      ([path, text]) => [path, { text }],
    );
  for (const deployable of bundles.keys())
    await writeFolder(join(out, deployable.folder), new Map(filesOf(deployable)));
  if (images !== null) {
    await rm(join(out, IMAGES_FOLDER), { recursive: true, force: true });
    const worker = filesOf(WORKER).map(([path, file]) => [`${WORKER_FOLDER}/${path}`, file] as const);
    for (const [pool, context] of images.contexts) {
      await writeFolder(join(out, IMAGES_FOLDER, pool), new Map([...context, ...worker]));
    }
    await writeFile(join(out, POOL_FACTS_FILE), `${JSON.stringify(poolsOf(built.catalogue), null, 2)}\n`);
  }
  return [...bundles].map(([{ folder }, made]) => sizesOf(folder, made));
}

/** Makes a folder of these files, and of no others. */
async function writeFolder(folder: string, files: Context): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const [path, file] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    if ('text' in file) await writeFile(join(folder, path), file.text);
    else await copyFile(file.copyOf, join(folder, path));
  }
  await openToAll(folder);
}

function said({ folder }: Deployable, { what, because, chain }: Breach): string {
  const way = chain.map((path, depth) => `${'  '.repeat(depth + 1)}${path}`).join('\n');
  return `${folder} must not contain ${what}: ${because}. It comes in by\n${way}`;
}
