import type { Metafile } from 'esbuild';
import { PROGRAM } from './bundle.ts';

/** The shortest way from a start file to this file or module, each importing the next; empty where there is none. */
export function chainTo({ inputs, outputs }: Metafile, wanted: string): string[] {
  // What is imported at run time has an output of its own as well, but something leads there.
  const starts = Object.entries(outputs).flatMap(([path, { entryPoint }]) =>
    entryPoint !== undefined && path.endsWith(`/${PROGRAM}`) ? [entryPoint] : [],
  );
  const importer = new Map<string, string | null>(starts.map((path) => [path, null]));
  // A map is walked in the order in which its keys were put in, those put in meanwhile included: nearest first.
  for (const path of importer.keys()) {
    if (path === wanted) return wayBack(importer, path);
    for (const next of inputs[path]?.imports ?? []) if (!importer.has(next.path)) importer.set(next.path, path);
  }
  return [];
}

function wayBack(importer: ReadonlyMap<string, string | null>, end: string): string[] {
  const chain = [end];
  for (let at = importer.get(end) ?? null; at !== null; at = importer.get(at) ?? null) chain.unshift(at);
  return chain;
}
