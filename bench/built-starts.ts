import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildAll } from '../scripts/build/build.ts';
import { PLAIN, ROOT } from '../scripts/build/bundle.ts';
import type { Deployable } from '../scripts/build/deployables.ts';
import { MEASURES, type Measure } from '../scripts/build/replacements.ts';

/** One deployable in every form that its start is measured in: the folder of each has a `main.mjs`. */
export interface Forms {
  readonly source: string;
  /** As a bundler makes it by itself. */
  readonly plain: string;
  readonly built: string;
  /** Built, with its code cache filled. */
  readonly warm: string;
  /** Built without one of the measures. */
  readonly without: ReadonlyMap<Measure, string>;
  remove(): void;
}

/** @param each whether there is one without each measure */
export async function formsOf(deployable: Deployable, modelFolder: string, each: boolean): Promise<Forms> {
  const root = mkdtempSync(join(tmpdir(), 'slipway-starts-'));
  const build = async (name: string, without: readonly Measure[] = []): Promise<string> => {
    const out = join(root, name);
    await buildAll({ out, modelFolders: [modelFolder], deployables: [deployable], without });
    return join(out, deployable.folder);
  };
  const built = await build('built');
  const warm = join(root, 'warm');
  cpSync(built, warm, { recursive: true });
  execFileSync(process.execPath, [join(warm, 'warm.mjs')], { env: {} });
  const source = join(root, 'source');
  cpSync(built, source, { recursive: true });
  writeFileSync(join(source, 'main.mjs'), `await import(${JSON.stringify(join(ROOT, deployable.entry))});\n`);
  const without = new Map<Measure, string>();
  for (const [i, measure] of each ? MEASURES.entries() : []) {
    // What is looked up is found by how esbuild writes it without white space.
    const off: Measure[] = measure === 'white space' ? [measure, 'builtins'] : [measure];
    without.set(measure, await build(`without-${i}`, off));
  }
  return {
    source,
    plain: await build('plain', PLAIN),
    built,
    warm,
    without,
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
