import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { pointerTo } from '../../domain/json-pointer.ts';
import { MODEL_FILE } from './model-folders.ts';

/** One thing wrong in one file; `field` is a JSON pointer into it, "" is the whole file. */
export interface CatalogueFault {
  readonly file: string;
  readonly field: string;
  readonly message: string;
}

/** Where the reading of one file leaves what is wrong with it. */
export type Report = (field: string, message: string) => void;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

/** The names of the folders in `folder` that hold a `model.yaml`, sorted. Throws where `folder` cannot be read. */
export async function modelNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names: string[] = [];
  for (const entry of entries) {
    const isModel = await stat(join(folder, entry.name, MODEL_FILE)).then(
      () => true,
      () => false,
    );
    if (isModel) names.push(entry.name);
  }
  return names.sort();
}

/**
 * Reads a YAML file against a schema.
 * @param whenAbsent what a file that does not exist stands for; where it is undefined, a missing file is a fault
 * @returns null after a fault, which `report` has been told
 */
export async function readYaml<S extends z.ZodType>(
  file: string,
  schema: S,
  report: Report,
  whenAbsent?: z.output<S>,
): Promise<z.output<S> | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && whenAbsent !== undefined) return whenAbsent;
    report('', `cannot be read: ${codeOf(error)}`);
    return null;
  }
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) {
    for (const error of document.errors) report('', error.message.trim());
    return null;
  }
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // Aliases that unfold without end are found only here.
    report('', (error as Error).message);
    return null;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const field = issue.path.reduce<string>((base, step) => pointerTo(base, String(step)), '');
    report(field, issue.message);
  }
  return null;
}
