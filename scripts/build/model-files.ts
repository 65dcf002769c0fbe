import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { Pool, type Model } from '../../domain/contract/model.ts';
import { CATALOGUE_FILE, type BuiltCatalogue } from '../../functions/start/catalogue.ts';
import { loadCatalogue, type LoadedCatalogue } from '../../gpu-job/models/catalogue.ts';
import { MODEL_FILE, POOLS_FILE } from '../../gpu-job/models/model-folders.ts';
import { KNOWN_FILES, type KnownFiles } from '../../gpu-job/models/worker-catalogue.ts';
import type { Deployable } from './deployables.ts';

/** The models of a deployment, read and checked. */
export interface BuiltModels {
  readonly models: readonly Model[];
  /** By name. */
  readonly pools: readonly BuiltPool[];
  readonly catalogue: LoadedCatalogue;
  /** Those that were read, absolute. */
  readonly folders: readonly string[];
  /** What a deployable has beside its program of them. */
  filesOf(deployable: Deployable): ReadonlyMap<string, string>;
}

/** A pool, and what its image is made of. */
export interface BuiltPool {
  readonly pool: Pool;
  /** With the absolute folder of each. */
  readonly models: readonly { readonly model: Model; readonly folder: string }[];
  /** The file that its row stands in, absolute; null where it has none. */
  readonly rows: string | null;
  /** The one that its row names, absolute; null where it names none. */
  readonly dockerfile: string | null;
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

/**
 * Reads all models of these folders.
 * @param folders absolute paths
 * @throws CatalogueError naming each file and field at fault
 */
export async function buildModels(folders: readonly string[]): Promise<BuiltModels> {
  // What a model requires is in its image, and no matter here; regions are told at the start.
  const catalogue = await loadCatalogue({ folders, regions: ['any'], path: '' });
  const models = [...catalogue.models.values()].map(({ model }) => model).sort(byName);
  const pools = [...catalogue.queues.values()].map(({ pool }) => pool).sort(byName);
  const built: BuiltCatalogue = { models, pools };
  const folderOf = (model: Model): string => catalogue.folders.get(model.name) ?? '';
  const poolFiles = folders.map((folder) => join(folder, POOLS_FILE)).filter((file) => existsSync(file));
  const texts = new Map(poolFiles.map((file) => [file, readFileSync(file, 'utf8')]));
  const rows = new Map([...texts].map(([file, text]) => [file, Pool.array().parse(parse(text))]));
  const known: KnownFiles = {
    models: Object.fromEntries(models.map((model) => [readFileSync(join(folderOf(model), MODEL_FILE), 'utf8'), model])),
    pools: Object.fromEntries([...texts].map(([file, text]) => [text, rows.get(file) ?? []])),
    defaults: Pool.parse({ name: 'any' }),
  };
  const files = {
    catalogue: new Map([[CATALOGUE_FILE, JSON.stringify(built)]]),
    files: new Map([[KNOWN_FILES, JSON.stringify(known)]]),
    none: new Map<string, string>(),
  };
  return {
    models,
    pools: pools.map((pool) => {
      const [file] = poolFiles.filter((one) => rows.get(one)?.some(({ name }) => name === pool.name));
      return {
        pool,
        models: models.filter((model) => model.pool === pool.name).map((model) => ({ model, folder: folderOf(model) })),
        rows: file ?? null,
        dockerfile:
          file === undefined || pool.dockerfile === undefined ? null : resolve(dirname(file), pool.dockerfile),
      };
    }),
    catalogue,
    folders,
    filesOf: (deployable) => files[deployable.models],
  };
}
