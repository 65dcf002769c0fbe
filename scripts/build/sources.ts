import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';
import type { Measure } from './replacements.ts';

/** Packages that are imported when they are first needed, all of them CommonJS or with a form that is. */
const CLIENTS = /^(@google-cloud\/|google-)/;

/**
 * Our own sources, changed where a bundler understands less than Node does:
 *
 * - a CommonJS package that is imported at run time has its names on `default` alone once it is a chunk of a bundle;
 * - of `import { z } from 'zod'` all of zod is kept, of `import * as z` what is used.
 */
export function ownSources(root: string, without: ReadonlySet<Measure>): Plugin {
  return {
    name: 'own sources',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!path.startsWith(root) || path.includes('/node_modules/')) return null;
        const source = readFileSync(path, 'utf8');
        const errors: { text: string }[] = [];
        const contents = source.replace(/\bimport\('([^'.][^']*)'\)/g, (whole, name: string) => {
          if (isBuiltin(name)) return whole;
          if (CLIENTS.test(name)) return `${whole}.then((all) => all.default ?? all)`;
          errors.push({ text: `${path} imports ${name} at run time: say in scripts/build/sources.ts how` });
          return whole;
        });
        const named = /^import \{ z \} from 'zod';$/m;
        const slim = without.has('schemas') ? contents : contents.replace(named, "import * as z from 'zod';");
        return { contents: slim, loader: 'ts', errors };
      });
    },
  };
}
