import { relative } from 'node:path';
import type { Plugin } from 'esbuild';
import { foundFrom, isForDevelopment } from './locked-packages.ts';

const SCOPE = 'absent';

/**
 * What is installed for development alone is not there for packages either, as it would not be where only the others were
 * installed: some look whether there is such a package and do without.
 */
export function absentPackages(root: string): Plugin {
  return {
    name: 'absent packages',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path, importer, resolveDir }) => {
        const name = /^(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
        if (name === undefined || !importer.includes('/node_modules/')) return null;
        const folder = foundFrom(relative(root, resolveDir), name);
        return folder !== null && isForDevelopment(folder) ? { path: name, namespace: SCOPE } : null;
      });
      build.onLoad({ filter: /.*/, namespace: SCOPE }, ({ path }) => ({
        contents: `throw Object.assign(new Error("Cannot find module '${path}'"), { code: 'MODULE_NOT_FOUND' });\n`,
        loader: 'js',
      }));
    },
  };
}
