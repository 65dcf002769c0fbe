import type { Plugin } from 'esbuild';
import standaloneCode from 'ajv/dist/standalone/index.js';
import type { Model } from '../../domain/contract/model.ts';
import { inputCompiler } from '../../functions/http/input-validators.ts';

const SCOPE = 'validator';

/**
 * In the place of functions/http/input-validators.ts, the checks themselves, compiled here: compiling one where it is needed
 * means loading the compiler, and takes more time than all else that a new job costs.
 */
export function precompiledValidators(models: readonly Model[]): Plugin {
  const byName = new Map(models.map((model) => [model.name, model]));
  return {
    name: 'precompiled validators',
    setup(build) {
      build.onLoad({ filter: /\/functions\/http\/input-validators\.ts$/ }, ({ path }) => ({
        contents: lookUp([...byName.keys()]),
        loader: 'js',
        resolveDir: path.slice(0, path.lastIndexOf('/')),
      }));
      build.onResolve({ filter: new RegExp(`^${SCOPE}:`) }, ({ path, resolveDir }) => ({
        path: path.slice(SCOPE.length + 1),
        namespace: SCOPE,
        pluginData: resolveDir,
      }));
      build.onLoad({ filter: /.*/, namespace: SCOPE }, ({ path, pluginData }) => ({
        contents: validatorCode(byName.get(path)?.input ?? {}),
        loader: 'js',
        resolveDir: pluginData as string,
      }));
    },
  };
}

function lookUp(names: readonly string[]): string {
  const imports = names.map((name, i) => `import check${i} from '${SCOPE}:${name}';\n`);
  const entries = names.map((name, i) => `[${JSON.stringify(name)}, check${i}]`);
  return `${imports.join('')}const CHECKS = new Map([${entries.join(', ')}]);
export const validatorOf = ({ name }) => CHECKS.get(name);\n`;
}

function validatorCode(schema: Readonly<Record<string, unknown>>): string {
  const ajv = inputCompiler({ source: true, esm: true });
  // A CommonJS package: its default export is the function, which its types do not say to an ES module.
  return (standaloneCode as unknown as typeof standaloneCode.default)(ajv, ajv.compile(schema));
}
