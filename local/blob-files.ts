import { constants } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Thrown when a blob of this path is there already. */
export class BlobExistsError extends Error {
  override readonly name = 'BlobExistsError';
}

export interface BlobFiles {
  /** Stores a blob, once: it is there whole and on the disk, or not at all. @throws BlobExistsError, and whatever the source fails with */
  write(path: string, contentType: string, source: Readable): Promise<void>;
  /** The file and what it says of itself, or null where there is none. */
  find(path: string): Promise<{ file: string; contentType: string; sizeBytes: number } | null>;
  /** Removes a blob, whole and on the disk too; one that is not there is no fault. */
  remove(path: string): Promise<void>;
}

/** No segment begins with a dot, none is empty, and `=` is left for names of our own. */
const PATH = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}(\/[A-Za-z0-9][A-Za-z0-9._-]{0,199})*$/;

/** @throws TypeError unless every segment of the path is letters, digits, dots, underscores and hyphens, and begins with a letter or digit */
export function checkBlobPath(path: string): void {
  if (!PATH.test(path) || path.length > 1_000) throw new TypeError(`${JSON.stringify(path)} is no path of a blob`);
}

/**
 * Blobs as folders: `a/b.png` is `a/b.png=/b.png` with its content type in `a/b.png=/=type`. A rename puts both in their
 * place at once, and never onto a folder that has something in it: that is what keeps a second upload out.
 * @param folder made anew where it is missing; half-finished uploads of a former run in it are removed
 */
export async function openBlobFiles(folder: string, nextId: () => string): Promise<BlobFiles> {
  const unfinished = join(folder, '=unfinished');
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const placeOf = (path: string): string => {
    checkBlobPath(path);
    return join(folder, `${path}=`);
  };

  return {
    async write(path, contentType, source) {
      const place = placeOf(path);
      const draft = join(unfinished, nextId());
      await mkdir(draft, { mode: 0o700 });
      try {
        await writeFile(join(draft, '=type'), contentType, { flush: true, mode: 0o600 });
        const file = await open(join(draft, basename(path)), 'wx', 0o600);
        await pipeline(source, file.createWriteStream({ flush: true }));
        await syncFolder(draft);
        await makeFolder(dirname(place));
        await rename(draft, place);
        await syncFolder(dirname(place));
      } catch (error) {
        await rm(draft, { recursive: true, force: true });
        const { code } = error as NodeJS.ErrnoException;
        throw code === 'ENOTEMPTY' || code === 'EEXIST' ? new BlobExistsError(path) : error;
      }
    },

    async find(path) {
      const place = placeOf(path);
      const file = join(place, basename(path));
      try {
        const [contentType, { size }] = await Promise.all([readFile(join(place, '=type'), 'utf8'), stat(file)]);
        return { file, contentType, sizeBytes: size };
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },

    async remove(path) {
      const place = placeOf(path);
      // Out of its place at once and then emptied: cut off in between, it is gone and not half there.
      const removed = join(unfinished, nextId());
      try {
        await rename(place, removed);
      } catch (error) {
        if (isMissing(error)) return;
        throw error;
      }
      await syncFolder(dirname(place));
      await rm(removed, { recursive: true, force: true });
    },
  };
}

const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Makes a folder and all above it, each recorded on the disk in the one that holds it. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
