import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CatalogueEntry, Model, Pool } from '../../domain/contract/model.ts';
import { queuesOf } from '../../domain/queues.ts';
import type { CatalogueOptions, LoadedCatalogue } from './catalogue.ts';
import { missingFor, MODEL_FILE, POOLS_FILE } from './model-folders.ts';

/** Model and pool files that the build has read and checked, by the text that they had then. */
export interface KnownFiles {
  readonly models: Readonly<Record<string, Model>>;
  readonly pools: Readonly<Record<string, readonly Pool[]>>;
  /** What a pool without a row has. */
  readonly defaults: Pool;
}

/** The file's name; it lies beside the program that is started. */
export const KNOWN_FILES = 'models.json';

/**
 * The catalogue of these folders, as `loadCatalogue` reads it, at a fraction of the cost where every file is one that the
 * build has seen, to the letter: nothing that reads or checks YAML is loaded then.
 * @throws CatalogueError
 */
export async function workerCatalogue(options: CatalogueOptions): Promise<LoadedCatalogue> {
  const known = knownFiles(dirname(process.argv[1] ?? ''));
  const quick = known === null ? null : fromKnown(known, options);
  if (quick !== null) return quick;
  const { loadCatalogue } = await import('./catalogue.ts');
  return loadCatalogue(options);
}

function knownFiles(folder: string): KnownFiles | null {
  const text = textOf(join(folder, KNOWN_FILES));
  return text === null ? null : (JSON.parse(text) as KnownFiles);
}

/** Null where there is anything that has to be looked at closer. */
export function fromKnown(known: KnownFiles, options: CatalogueOptions): LoadedCatalogue | null {
  const models = new Map<string, CatalogueEntry>();
  const folders = new Map<string, string>();
  const pools = new Map<string, Pool>();
  try {
    for (const folder of options.folders) {
      for (const name of readdirSync(folder).sort()) {
        const text = textOf(join(folder, name, MODEL_FILE));
        if (text === null) continue;
        const model = Object.hasOwn(known.models, text) ? known.models[text] : undefined;
        if (model?.name !== name || models.has(name)) return null;
        models.set(name, { model, missing: missingFor(model, join(folder, name), options.path) });
        folders.set(name, join(folder, name));
      }
      const text = textOf(join(folder, POOLS_FILE));
      if (text === null) continue;
      if (!Object.hasOwn(known.pools, text)) return null;
      for (const pool of known.pools[text] ?? []) {
        if (pools.has(pool.name)) return null;
        pools.set(pool.name, pool);
      }
    }
  } catch {
    return null;
  }
  const all = [...models.values()].map((entry) => entry.model);
  return {
    models,
    folders,
    queues: queuesOf(all, (name) => pools.get(name) ?? { ...known.defaults, name }, options.regions),
  };
}

/** Null where there is no such file. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
