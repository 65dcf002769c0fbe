import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bundle, type Bundle, type BundleOptions } from './bundle.ts';
import { DEPLOYABLES, type Deployable } from './deployables.ts';
import { buildModels } from './model-files.ts';
import { breachesOf, type Breach } from './rules.ts';
import { sizesOf, type Sizes } from './sizes.ts';
import { unmetReplacements } from './slim.ts';
import { startFiles } from './start-files.ts';

/** Thrown where a bundle contains what it must not, or a package is no longer what the build makes smaller. */
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

/**
 * Builds each deployable into a folder of its own that needs nothing outside it.
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
  if (faults.length > 0) throw new BuildError(faults.join('\n'));

  for (const [deployable, { files }] of bundles) {
    const folder = join(out, deployable.folder);
    await rm(folder, { recursive: true, force: true });
    const all = new Map([...files, ...built.filesOf(deployable), ...startFiles(deployable)]);
    for (const [path, text] of all) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
  }
  return [...bundles].map(([{ folder }, made]) => sizesOf(folder, made));
}

function said({ folder }: Deployable, { what, because, chain }: Breach): string {
  const way = chain.map((path, depth) => `${'  '.repeat(depth + 1)}${path}`).join('\n');
  return `${folder} must not contain ${what}: ${because}. It comes in by\n${way}`;
}
