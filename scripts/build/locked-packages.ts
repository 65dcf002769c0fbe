import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
};

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
