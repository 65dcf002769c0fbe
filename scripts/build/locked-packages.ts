import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

type Names = Readonly<Record<string, unknown>>;

/** What npm has locked of one package; of the root, what package.json asks for. */
interface Locked {
  readonly dev?: boolean;
  readonly dependencies?: Names;
  readonly optionalDependencies?: Names;
  readonly peerDependencies?: Names;
}

const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, Locked>>;
};
const { packages } = lock;

/** The packages that package.json asks for to run, by their version there. */
const DEPENDENCIES = packages['']?.dependencies as Readonly<Record<string, string>>;
export const DEPENDENCY_NAMES = Object.keys(DEPENDENCIES);

/** The folder of the package that a file belongs to, below the repository; null for our own files. */
export function packageFolderOf(path: string): string | null {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/|$)/.exec(path)?.[0] ?? null;
}

/** Its name. */
export const packageOf = (path: string): string | null =>
  packageFolderOf(path)?.replace(/^.*node_modules\//, '') ?? null;

/** Whether npm has marked in its lock that a package is there for development alone. @param folder below the repository */
export const isForDevelopment = (folder: string): boolean => packages[folder]?.dev === true;

/** Where Node finds a package that a file in `from` names; null where it is not installed. @param from a folder below the repository */
export function foundFrom(from: string, name: string): string | null {
  for (let at = from; ; at = at.includes('/') ? at.slice(0, at.lastIndexOf('/')) : '') {
    const folder = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (folder in packages) return folder;
    if (at === '') return null;
  }
}

/**
 * The package.json and package-lock.json by which `npm ci` installs these packages, with all that they need, in the versions that
 * are locked here, and none besides.
 * @param names of `DEPENDENCY_NAMES`
 */
export function lockOf(names: readonly string[]): { readonly manifest: object; readonly lock: object } {
  const manifest = {
    name: 'slipway-models',
    private: true,
    type: 'module',
    dependencies: Object.fromEntries([...names].sort().map((name) => [name, DEPENDENCIES[name]])),
  };
  const folders = new Set<string>();
  const add = (from: string, needed: Names = {}): void => {
    for (const name of Object.keys(needed)) {
      const folder = foundFrom(from, name);
      // What is optional may not be there.
      if (folder === null || folders.has(folder)) continue;
      folders.add(folder);
      const { dependencies, optionalDependencies, peerDependencies } = packages[folder] ?? {};
      for (const more of [dependencies, optionalDependencies, peerDependencies]) add(folder, more);
    }
  };
  add('', manifest.dependencies);
  const { name, dependencies } = manifest;
  return {
    manifest,
    lock: {
      name,
      lockfileVersion: lock.lockfileVersion,
      requires: true,
      packages: {
        '': { name, dependencies },
        ...Object.fromEntries([...folders].sort().map((folder) => [folder, packages[folder]])),
      },
    },
  };
}
