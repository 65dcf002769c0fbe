import type { Metafile } from 'esbuild';
import { PROGRAM } from './bundle.ts';

/** The files of a bundle, as its metafile names them, that are read before any of it runs: the program, what it imports, and so on. */
export function loadedAtStart({ outputs }: Pick<Metafile, 'outputs'>): ReadonlySet<string> {
  const program = Object.keys(outputs).find((path) => path.endsWith(`/${PROGRAM}`)) ?? '';
  const loaded = new Set([program]);
  for (const path of loaded) {
    for (const { path: next, kind } of outputs[path]?.imports ?? []) if (kind === 'import-statement') loaded.add(next);
  }
  return loaded;
}
