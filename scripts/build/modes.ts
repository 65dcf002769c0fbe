import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The mode of a file in an image: whoever the image runs as reads it, and runs it where its owner may here. */
export const modeIn = (mode: number): number => (isProgram(mode) ? 0o755 : 0o644);

/** Whether a mode lets the owner run the file: all that an image keeps of it. */
export const isProgram = (mode: number): boolean => (mode & 0o100) !== 0;

/** Gives a folder and all below it the modes of an image, whatever the umask here is: `COPY` of a Dockerfile takes them along. */
export async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else await chmod(path, modeIn((await stat(path)).mode));
  }
}
