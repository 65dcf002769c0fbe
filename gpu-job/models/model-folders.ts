import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import type { Model, Requirement } from '../../domain/contract/model.ts';

/** What makes a folder a model's. */
export const MODEL_FILE = 'model.yaml';
/** Beside the models of a folder; may be absent. */
export const POOLS_FILE = 'pools.yaml';

/** The runner's program and all that the model requires, as far as `path` does not lead to them. */
export function missingFor(model: Model, folder: string, path: string): Requirement[] {
  const { program } = model.runner;
  const needed = [...model.requires];
  if (program !== 'node' && !needed.some((one) => one.program === program)) {
    needed.unshift({ program, install: `put ${program} on the PATH of the worker` });
  }
  return needed.filter((one) => !isExecutable(one.program, folder, path));
}

/** Whether `program` is an executable file: as a path from `folder`, or by its name on a PATH value. */
function isExecutable(program: string, folder: string, path: string): boolean {
  const places = program.includes('/')
    ? [isAbsolute(program) ? program : resolve(folder, program)]
    : path
        .split(delimiter)
        .filter((place) => place !== '')
        .map((place) => join(place, program));
  for (const place of places) {
    try {
      accessSync(place, constants.X_OK);
      if (statSync(place).isFile()) return true;
    } catch {
      // Not here; perhaps further along the path.
    }
  }
  return false;
}
