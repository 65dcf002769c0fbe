import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Beside package.json, in the repository and in a built function alike. */
export const OPENAPI_FILE = 'openapi.json';

/**
 * Which build this is, read when it is first asked for.
 * @param folder where its package.json is, whose `commit` a build has written
 */
export function releaseIn(folder: string) {
  const manifest = once(() => read<{ version: string; commit?: string }>(join(folder, 'package.json')));
  const openApi = once(() => read<object>(join(folder, OPENAPI_FILE)));
  return {
    build: async (): Promise<{ version: string; commit: string | null }> => {
      const { version, commit = null } = await manifest();
      return { version, commit };
    },
    openApi,
  };
}

const read = async <T>(file: string): Promise<T> => JSON.parse(await readFile(file, 'utf8')) as T;

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    if (made === null) {
      made = make();
      made.catch(() => (made = null));
    }
    return made;
  };
}
