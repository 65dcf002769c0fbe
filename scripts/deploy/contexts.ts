import { createHash } from 'node:crypto';
import { createReadStream, constants } from 'node:fs';
import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isProgram, openToAll } from '../build/modes.ts';
import { DeployError } from './errors.ts';

/** Copies the folder of an image, with what further files it is built with, as an image keeps them. @throws DeployError */
export async function copyContext(from: string, to: string, further: Readonly<Record<string, string>>): Promise<void> {
  const files = await filesIn(from).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new DeployError(`${from} is not there, and is what an image is made of.`);
  });
  const all = [...files.map((path) => [path, join(from, path)] as const), ...Object.entries(further)];
  for (const [path, source] of all) {
    await mkdir(dirname(join(to, path)), { recursive: true });
    // Where the file system can, without a second copy of the weights of models.
    await copyFile(source, join(to, path), constants.COPYFILE_FICLONE);
  }
  await openToAll(to);
}

/**
 * What a folder of files comes to, in 16 hex digits of a sha256: over their paths, in order, whether each can be run, and what is
 * in it. Whatever its size: no file is read whole.
 */
export async function tagOf(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const path of (await filesIn(folder)).sort()) {
    const file = join(folder, path);
    const content = createHash('sha256');
    await pipeline(createReadStream(file), content);
    const kind = isProgram((await stat(file)).mode) ? 'program' : 'file';
    // Digests have one length, so no content can be taken for the next path.
    hash.update(`${path}\0${kind}\0${content.digest('hex')}\0`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** The paths of all files below a folder. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
