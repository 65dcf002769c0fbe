import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pool, type Catalogue, type Model } from '../../domain/contract/model.ts';
import { queuesOf } from '../../domain/queues.ts';

/** The models and pools of a deployment as the build has read and checked them; its own file, so that no function has to read YAML. */
export interface BuiltCatalogue {
  readonly models: readonly Model[];
  readonly pools: readonly Pool[];
}

/** The file's name; it lies beside the program that is started. */
export const CATALOGUE_FILE = 'catalogue.json';

/**
 * The catalogue of this deployment. What a model requires is in its image: no function can look for it.
 * @param folder where the build has put the file
 */
export function readCatalogue(folder: string, regions: readonly string[]): Catalogue {
  const { models, pools } = JSON.parse(readFileSync(join(folder, CATALOGUE_FILE), 'utf8')) as BuiltCatalogue;
  const rows = new Map(pools.map((pool) => [pool.name, pool]));
  return {
    models: new Map(models.map((model) => [model.name, { model, missing: [] }])),
    queues: queuesOf(models, (name) => rows.get(name) ?? Pool.parse({ name }), regions),
  };
}
