import type { Metafile } from 'esbuild';
import { PROGRAM, type Bundle } from './bundle.ts';

/** How big a built program is, in bytes of code. */
export interface Sizes {
  readonly name: string;
  /** What is loaded before it listens, or claims. */
  readonly start: number;
  readonly all: number;
  readonly files: number;
  /** The packages that take most of it. */
  readonly most: readonly (readonly [name: string, bytes: number])[];
}

const NAMED = 3;

export function sizesOf(name: string, { files, metafile }: Bundle): Sizes {
  const code = [...files].filter(([path]) => path.endsWith('.mjs'));
  const bytes = new Map(code.map(([path, text]) => [path, Buffer.byteLength(text)]));
  const sum = (paths: Iterable<string>): number =>
    [...paths].reduce((total, path) => total + (bytes.get(path) ?? 0), 0);
  return {
    name,
    start: sum(loadedAtStart(metafile)),
    all: sum(bytes.keys()),
    files: code.length,
    most: most(metafile),
  };
}

/** The program and what it imports, and those import, before any of it runs. */
function loadedAtStart({ outputs }: Metafile): Set<string> {
  const program = Object.keys(outputs).find((path) => path.endsWith(`/${PROGRAM}`)) ?? '';
  const folder = program.slice(0, program.lastIndexOf('/') + 1);
  const loaded = new Set([program]);
  for (const path of loaded) {
    for (const { path: next, kind } of outputs[path]?.imports ?? []) if (kind === 'import-statement') loaded.add(next);
  }
  return new Set([...loaded].map((path) => path.slice(folder.length)));
}

function most({ outputs }: Metafile): [string, number][] {
  const packages = new Map<string, number>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = /^.*node_modules\/(?:@[^/]+\/)?([^/]+)\//.exec(path)?.[1] ?? 'ours';
      packages.set(name, (packages.get(name) ?? 0) + bytesInOutput);
    }
  }
  return [...packages].sort(([, a], [, b]) => b - a).slice(0, NAMED);
}

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1_024)}`;

/** A line each, at most 80 columns. */
export function tableOf(all: readonly Sizes[]): string {
  const row = (name: string, start: string, total: string, files: string, rest: string): string =>
    `${name.padEnd(26)}${start.padStart(6)}${total.padStart(6)}${files.padStart(6)}  ${rest}`.slice(0, 80).trimEnd();
  return [
    row('KiB of code', 'start', 'all', 'files', 'most of it'),
    ...all.map(({ name, start, all: total, files, most: named }) => {
      const words = named.map(([which, bytes]) => `${which} ${kilobytes(bytes)}`).join(', ');
      return row(name, kilobytes(start), kilobytes(total), String(files), words);
    }),
  ].join('\n');
}
