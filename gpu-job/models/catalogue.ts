import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';
import { Model, Pool, type Catalogue, type CatalogueEntry } from '../../domain/contract/model.ts';
import { queuesOf } from '../../domain/queues.ts';
import { unreachedFiles } from './file-fields.ts';
import { misplacedSecrets } from './secret-fields.ts';
import { modelNames, readYaml, type CatalogueFault, type Report } from './catalogue-files.ts';
import { missingFor, MODEL_FILE, POOLS_FILE } from './model-folders.ts';

export interface CatalogueOptions {
  /** Absolute paths; the models of all of them make one catalogue. */
  readonly folders: readonly string[];
  readonly regions: readonly string[];
  /** The PATH value that the models' programs are looked up on. */
  readonly path: string;
}

/** A catalogue and where each model lies, which only the worker has a use for. */
export interface LoadedCatalogue extends Catalogue {
  /** The absolute folder of each model, by its name. */
  readonly folders: ReadonlyMap<string, string>;
}

/** Thrown by `loadCatalogue`: every fault of every file, so that one start shows them all. */
export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';
  readonly faults: readonly CatalogueFault[];
  constructor(faults: readonly CatalogueFault[]) {
    const lines = faults.map(({ file, field, message }) => `  ${file}${field === '' ? '' : ` ${field}`}: ${message}`);
    super(`the catalogue cannot be loaded:\n${lines.join('\n')}`);
    this.faults = faults;
  }
}

/**
 * Reports an input or output schema that is no JSON Schema (draft 2020-12), a file asked for where no worker would put one, a
 * secret that could not be kept, and an error rule that is no regular expression.
 */
function checkModel(model: Model, report: Report): void {
  for (const part of ['input', 'output'] as const) {
    try {
      // One compiler a schema: two models may give the same $id.
      const ajv = new Ajv2020({ strictTypes: false, logger: false });
      // A CommonJS package: its default export is the function, which its types do not say to an ES module.
      (addFormats as unknown as (to: Ajv2020) => void)(ajv);
      ajv.compile(model[part]);
      for (const field of part === 'input' ? unreachedFiles(model.input, '/input') : []) {
        report(field, 'is not under "properties" and "items" alone, so no file would be put there: move it');
      }
      for (const { field, message } of part === 'input' ? misplacedSecrets(model.input, '/input') : []) {
        report(field, message);
      }
    } catch (error) {
      report(`/${part}`, `is not a JSON Schema: ${(error as Error).message}`);
    }
  }
  model.runner.rules.forEach((rule, i) => {
    try {
      new RegExp(rule.output ?? '', 'm');
    } catch (error) {
      report(`/runner/rules/${i}/output`, (error as Error).message);
    }
  });
}

/** Each model that names another machine than the first of its pool, and that first one. */
const mixedPools = (models: readonly Model[]): [Model, Model][] =>
  models.flatMap((model): [Model, Model][] => {
    const first = models.find(({ pool }) => pool === model.pool) ?? model;
    return first.hardware === model.hardware ? [] : [[model, first]];
  });

/**
 * Reads every `<folder>/<name>/model.yaml` and `<folder>/pools.yaml` (which may be absent).
 * @throws CatalogueError naming each file and field at fault
 */
export async function loadCatalogue(options: CatalogueOptions): Promise<LoadedCatalogue> {
  const faults: CatalogueFault[] = [];
  const reportFor =
    (file: string): Report =>
    (field, message) =>
      faults.push({ file, field, message });
  const models = new Map<string, CatalogueEntry>();
  const folders = new Map<string, string>();
  const pools = new Map<string, Pool>();
  const poolFiles = new Map<string, string>();

  for (const folder of options.folders) {
    const names = await modelNames(folder).catch((error: unknown) => {
      reportFor(folder)('', `cannot be read: ${(error as Error).message}`);
      return [];
    });
    for (const name of names) {
      const file = join(folder, name, MODEL_FILE);
      const report = reportFor(file);
      const model = await readYaml(file, Model, report);
      if (model === null) continue;
      checkModel(model, report);
      const other = folders.get(model.name);
      if (model.name !== name) report('/name', `is "${model.name}", but its folder is named "${name}"`);
      else if (other !== undefined) report('/name', `"${name}" is already a model, in ${other}`);
      else {
        folders.set(name, join(folder, name));
        models.set(name, { model, missing: missingFor(model, join(folder, name), options.path) });
      }
    }
    const file = join(folder, POOLS_FILE);
    const rows = await readYaml(file, z.array(Pool), reportFor(file), []);
    rows?.forEach((pool, i) => {
      const other = poolFiles.get(pool.name);
      if (other !== undefined) reportFor(file)(`/${i}/name`, `the pool "${pool.name}" has a row already, in ${other}`);
      pools.set(pool.name, pool);
      poolFiles.set(pool.name, file);
    });
  }
  mixedPools([...models.values()].map(({ model }) => model)).forEach(([model, first]) => {
    const [file, other] = [model, first].map(({ name }) => join(folders.get(name) ?? '', MODEL_FILE));
    reportFor(file ?? '')(
      '/hardware',
      `is "${model.hardware}", but the pool "${model.pool}" has "${first.hardware}" by ${other}: all models of a pool have one machine`,
    );
  });
  if (faults.length > 0) throw new CatalogueError(faults);
  return {
    models,
    folders,
    queues: queuesOf(
      [...models.values()].map((entry) => entry.model),
      (name) => pools.get(name) ?? Pool.parse({ name }),
      options.regions,
    ),
  };
}
