import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from './bundle.ts';
import { DEPENDENCY_NAMES } from './locked-packages.ts';

/** What the programs of some models import, without running them. */
export interface ModelImports {
  /** Files, the programs' own included, by absolute path; each with the files that it imports. */
  readonly files: ReadonlyMap<string, readonly string[]>;
  /** Packages of package.json. */
  readonly packages: readonly string[];
  /** Packages that are imported and that package.json does not have, each with a file that does it. */
  readonly unknown: ReadonlyMap<string, string>;
}

/**
 * Follows imports of files; packages are only named.
 * @param programs absolute paths
 * @throws esbuild's BuildFailure, naming what cannot be read or found
 */
export async function importsOf(programs: readonly string[]): Promise<ModelImports> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...programs],
    outdir: join(ROOT, 'dist'),
    write: false,
    metafile: true,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    // As Node takes types away: an import stays unless it says that it is one of types.
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    logLevel: 'silent',
  });
  const files = new Map<string, readonly string[]>();
  const unknown = new Map<string, string>();
  for (const [path, { imports }] of Object.entries(metafile.inputs)) {
    files.set(
      join(ROOT, path),
      imports.flatMap((one) => (one.external === true ? [] : [join(ROOT, one.path)])),
    );
    for (const { path: id, external } of imports) {
      const name = /^(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? id;
      if (external === true && !isBuiltin(id) && !DEPENDENCY_NAMES.includes(name)) {
        unknown.set(name, join(ROOT, path));
      }
    }
  }
  // By the text, since some packages are not imported but looked up: `resolve('@tesseract.js-data/eng/package.json')`.
  const texts = [...files.keys()].map((file) => readFileSync(file, 'utf8'));
  const packages = DEPENDENCY_NAMES.filter((name) => {
    const named = new RegExp(`['"]${name.replaceAll('.', '\\.')}['"/]`);
    return texts.some((text) => named.test(text));
  });
  return { files, packages, unknown };
}
