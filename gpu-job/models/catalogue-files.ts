import { access, constants, readdir, readFile, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { pointerTo } from '../../domain/json-pointer.ts';

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
    const isModel = await stat(join(folder, entry.name, 'model.yaml')).then(
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

/** Whether `program` is an executable file: as a path from `folder`, or by its name on a PATH value. */
export async function isExecutable(program: string, folder: string, path: string): Promise<boolean> {
  const places = program.includes('/')
    ? [isAbsolute(program) ? program : resolve(folder, program)]
    : path
        .split(delimiter)
        .filter((place) => place !== '')
        .map((place) => join(place, program));
  for (const place of places) {
    try {
      await access(place, constants.X_OK);
      if ((await stat(place)).isFile()) return true;
    } catch {
      // Not here; perhaps further along the path.
    }
  }
  return false;
}
