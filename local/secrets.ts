import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random, Secrets } from '../domain/ports.ts';

export interface FileSecrets extends Secrets {
  /** The secret of this name: 32 random bytes in hex, made when first asked for and the same ever after. */
  ensureSecret(name: string): Promise<string>;
}

/** Secrets as files (0600) in a folder (0700) of the data folder. */
export function fileSecrets(folder: string, random: Random): FileSecrets {
  const ensureSecret = async (name: string): Promise<string> => {
    if (!/^[a-z][a-z0-9-]*$/.test(name)) throw new TypeError(`${name} is no name of a secret`);
    const file = join(folder, name);
    const found = await read(file);
    if (found !== null) return found;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const fresh = `${file}.${random.hex(8)}`;
    const handle = await open(fresh, 'wx', 0o600);
    try {
      await handle.writeFile(random.hex(32));
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A link never replaces: of two that make it at once, both go on with the first one's.
    await link(fresh, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await rm(fresh);
    return (await read(file)) as string;
  };
  return { get: ensureSecret, ensureSecret };
}

async function read(file: string): Promise<string | null> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  if (text === '')
    throw new Error(`the secret ${file} is empty: put back its content, or delete the file to have a new one made`);
  return text;
}
