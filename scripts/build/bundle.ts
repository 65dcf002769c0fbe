import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import type { Model } from '../../domain/contract/model.ts';
import { absentPackages } from './absent-packages.ts';
import { BANNER, lookUpBuiltins } from './builtins.ts';
import type { Deployable } from './deployables.ts';
import { MEASURES, type Measure } from './replacements.ts';
import { slim } from './slim.ts';
import { ownSources } from './sources.ts';
import { precompiledValidators } from './validators.ts';

export const ROOT = join(import.meta.dirname, '../..');

/** A built program: its files by their path in its folder, and what esbuild tells of what went into them. */
export interface Bundle {
  readonly files: ReadonlyMap<string, string>;
  readonly metafile: Metafile;
}

export interface BundleOptions {
  /** The models whose input checks are compiled. */
  readonly models: readonly Model[];
  /** Measures to leave off. */
  readonly without?: readonly Measure[];
}

/** The file that the function's own code begins with. */
export const PROGRAM = 'program.mjs';

/**
 * One deployable as ES modules: its program, and a file for each part that is loaded when it is first needed. What is made smaller
 * is white space and syntax: some clients look at the names of classes. `keepNames` would also give those their names back that
 * are renamed since two files have one alike; it takes a tenth of a first use, and the adapters' tests miss nothing without it.
 * @throws esbuild's BuildFailure
 */
export async function bundle({ folder, entry }: Deployable, options: BundleOptions): Promise<Bundle> {
  return bundleEntries({ [PROGRAM.replace('.mjs', '')]: join(ROOT, entry) }, folder, options);
}

/** The same for any entries; bench/ and tests build others. @param folder where its files would lie below `dist`, which source maps count from */
export async function bundleEntries(
  entries: Readonly<Record<string, string>>,
  folder: string,
  { models, without = [] }: BundleOptions,
): Promise<Bundle> {
  const leftOff = new Set(without);
  const has = (measure: Measure): boolean => !leftOff.has(measure);
  const plugins: Plugin[] = [absentPackages(ROOT), ownSources(ROOT, leftOff), slim(leftOff)];
  if (has('validators')) plugins.unshift(precompiledValidators(models));
  const outdir = join(ROOT, 'dist', folder);
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { ...entries },
    outdir,
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // What a package has as ES modules can be shaken; jsonc-parser has the parts of its other form required by a variable.
    mainFields: ['module', 'main'],
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    banner: { js: BANNER },
    legalComments: 'none',
    minifyWhitespace: has('white space'),
    minifySyntax: has('white space'),
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'silent',
    plugins,
  });
  const files = outputFiles.map(({ path, text }) => {
    const isCode = path.endsWith('.mjs') && has('builtins') && has('white space');
    return [path.slice(outdir.length + 1), isCode ? lookUpBuiltins(text) : text] as const;
  });
  return { files: new Map(files.sort(([a], [b]) => (a < b ? -1 : 1))), metafile };
}

/** Every measure: what is left then is what a bundler does by itself. */
export const PLAIN: readonly Measure[] = MEASURES;
