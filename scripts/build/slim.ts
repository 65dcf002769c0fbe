import { readFileSync } from 'node:fs';
import type { OnLoadResult, Plugin } from 'esbuild';
import { CALLED } from './google-apis.ts';
import { pruneProtos, type Proto } from './prune-protos.ts';
import { REPLACEMENTS, type Measure } from './replacements.ts';

const DEFINITIONS = /(@google-cloud\/[^/]+\/build\/protos\/protos|google-gax\/build\/protos\/\w+)\.json$/;
/** Error details come in any answer, so their definitions are kept whole. */
const ERROR_DETAILS = /google-gax\/build\/protos\/status\.json$/;
const CLIENT = /@google-cloud\/[^/]+\/build\/src\/v\w+\/\w+_client\.js$/;
/** V8 reads a long literal faster as the text of JSON than as source. */
const LONG = 4_000;

/**
 * Leaves out of the packages what no function calls. Every file that this is meant for must still be there: a package that has
 * changed fails the build and not a deployment.
 */
export function slim(without: ReadonlySet<Measure>): Plugin {
  const replacements = REPLACEMENTS.filter(({ measure }) => measure === null || !without.has(measure));
  return {
    name: 'slim',
    setup(build) {
      build.onLoad({ filter: /node_modules\/.*\.js$/ }, ({ path }) => {
        const source = (): string => readFileSync(path, 'utf8');
        const found = replacements.find(({ file }) => file.test(path));
        if (found !== undefined) return javascript(path, () => found.by(source(), path));
        if (without.has('protos') || !CLIENT.test(path)) return null;
        return isCalled(source()) ? null : javascript(path, () => 'module.exports = {};\n');
      });
      build.onLoad({ filter: /node_modules\/.*\.json$/ }, ({ path }) => {
        const source = readFileSync(path, 'utf8');
        const found = replacements.find(({ file }) => file.test(path));
        if (found !== undefined) return javascript(path, () => found.by(source, path));
        const prunes = DEFINITIONS.test(path) && !ERROR_DETAILS.test(path) && !without.has('protos');
        const value: unknown = JSON.parse(source);
        const text = JSON.stringify(prunes ? pruneProtos(value as Proto, CALLED) : value);
        if (!prunes && text.length < LONG) return null;
        return javascript(path, () => `module.exports = JSON.parse(${JSON.stringify(text)});\n`);
      });
    },
  };
}

/** Whether a generated client is for a service of which anything is called. */
function isCalled(source: string): boolean {
  const service = /constructSettings\(\s*'([\w.]+)'/.exec(source)?.[1];
  return service === undefined || service in CALLED;
}

function javascript(path: string, make: () => string): OnLoadResult {
  try {
    return { contents: make(), loader: 'js' };
  } catch (error) {
    return { errors: [{ text: `${path} cannot be slimmed: ${(error as Error).message}` }] };
  }
}

/** The replacements that met no file in any of these bundles: their packages are not what they were written for. */
export function unmetReplacements(inputs: readonly string[]): string[] {
  return REPLACEMENTS.filter(({ file }) => !inputs.some((path) => file.test(path))).map(
    ({ file, because }) => `nothing matches ${file.source} (${because})`,
  );
}
