import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildAll } from '../../scripts/build/build.ts';
import type { Deployable } from '../../scripts/build/deployables.ts';
import type { Sizes } from '../../scripts/build/sizes.ts';

export const MODELS = join(import.meta.dirname, 'models');

export interface Built {
  /** Holds `functions/<name>` and `worker`; nothing above it has a node_modules. */
  readonly folder: string;
  readonly sizes: readonly Sizes[];
  remove(): void;
}

/** What `npm run build` makes, of the tests' models, in an empty folder of its own. */
export async function built(deployables?: readonly Deployable[]): Promise<Built> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'slipway-built-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const only = deployables === undefined ? {} : { deployables };
    return { folder, sizes: await buildAll({ out: folder, modelFolders: [MODELS], ...only }), remove };
  } catch (error) {
    remove();
    throw error;
  }
}
