import { isBuiltin } from 'node:module';

/** What each file of a bundle begins with. */
export const BANNER = `const ${[
  '$N=process.getBuiltinModule',
  // Packages in CommonJS may require what Node has, and nothing else: all that they are made of is in the bundle.
  "require=id=>{const m=$N(id);if(m)return m;throw Object.assign(new Error(`Cannot find module '${id}'`),{code:'MODULE_NOT_FOUND'})}",
  '__filename=import.meta.filename',
  '__dirname=import.meta.dirname',
].join(',')};`;

/** An import from outside, as esbuild writes it without white space. */
const IMPORT = /\bimport(?:\*as ([\w$]+) | ([\w$]+) | ([\w$]+),|)(?:\{([^{}]*)\}|)from"([\w:/]+)";/g;

/**
 * Has Node's own modules looked up instead of imported. As a module with names, `node:http` is asked for each of them at once,
 * and so loads all of undici to show a WebSocket that nobody uses: half of a bare server's start. What would be longer so stays
 * an import, and what is shorter is filled up, so that source maps still hold.
 */
export function lookUpBuiltins(text: string): string {
  return text.replace(IMPORT, (whole, all?: string, one?: string, first?: string, names?: string, id?: string) => {
    if (id === undefined || !isBuiltin(id)) return whole;
    const found = `=$N(${JSON.stringify(id)})`;
    const name = all ?? one ?? first;
    const whatever = name === undefined ? '' : ` ${name}${found}`;
    const named = names === undefined ? '' : `{${names.replaceAll(' as ', ':')}}${found}`;
    const text = `const${[whatever, named].filter(Boolean).join(',')};`.padEnd(whole.length);
    return text.length > whole.length ? whole : text;
  });
}
