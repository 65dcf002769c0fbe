import type { Metafile } from 'esbuild';
import type { Bundle } from './bundle.ts';
import { loadedAtStart } from './loaded-at-start.ts';

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

/** @param name the folder of the bundle, below `dist` */
export function sizesOf(name: string, { files, metafile }: Bundle): Sizes {
  const code = [...files].filter(([path]) => path.endsWith('.mjs'));
  const bytes = new Map(code.map(([path, text]) => [path, Buffer.byteLength(text)]));
  const atStart = loadedAtStart(metafile);
  const sum = (paths: readonly string[]): number => paths.reduce((total, path) => total + (bytes.get(path) ?? 0), 0);
  const paths = [...bytes.keys()];
  return {
    name,
    start: sum(paths.filter((path) => atStart.has(`dist/${name}/${path}`))),
    all: sum(paths),
    files: code.length,
    most: most(metafile),
  };
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
