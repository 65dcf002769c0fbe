import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Pool, type Model } from '../../domain/contract/model.ts';
import { CATALOGUE_FILE, type BuiltCatalogue } from '../../functions/start/catalogue.ts';
import { loadCatalogue } from '../../gpu-job/models/catalogue.ts';
import { MODEL_FILE, POOLS_FILE } from '../../gpu-job/models/model-folders.ts';
import { KNOWN_FILES, type KnownFiles } from '../../gpu-job/models/worker-catalogue.ts';
import type { Deployable } from './deployables.ts';

/** The models of a deployment, read and checked. */
export interface BuiltModels {
  readonly models: readonly Model[];
  /** What a deployable has beside its program of them. */
  filesOf(deployable: Deployable): ReadonlyMap<string, string>;
}

/**
 * Reads all models of these folders.
 * @param folders absolute paths
 * @throws CatalogueError naming each file and field at fault
 */
export async function buildModels(folders: readonly string[]): Promise<BuiltModels> {
  // What a model requires is in its image, and no matter here; regions are told at the start.
  const catalogue = await loadCatalogue({ folders, regions: ['any'], path: '' });
  const models = [...catalogue.models.values()].map(({ model }) => model).sort((a, b) => (a.name < b.name ? -1 : 1));
  const pools = [...catalogue.queues.values()].map(({ pool }) => pool).sort((a, b) => (a.name < b.name ? -1 : 1));
  const built: BuiltCatalogue = { models, pools };
  const known: KnownFiles = {
    models: Object.fromEntries(
      models.map((model) => [readFileSync(join(catalogue.folders.get(model.name) ?? '', MODEL_FILE), 'utf8'), model]),
    ),
    pools: Object.fromEntries(folders.flatMap(poolRows)),
    defaults: Pool.parse({ name: 'any' }),
  };
  const files = {
    catalogue: new Map([[CATALOGUE_FILE, JSON.stringify(built)]]),
    files: new Map([[KNOWN_FILES, JSON.stringify(known)]]),
    none: new Map<string, string>(),
  };
  return { models, filesOf: (deployable) => files[deployable.models] };
}

/** The text of a folder's pools, if it has any, and what it says. */
function poolRows(folder: string): [string, Pool[]][] {
  const file = join(folder, POOLS_FILE);
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  return [[text, Pool.array().parse(parse(text))]];
}
