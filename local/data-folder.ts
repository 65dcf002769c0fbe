import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock, Random } from '../domain/ports.ts';
import { isHeldElsewhere } from './sqlite-file.ts';
import { openStore, type SqliteStore } from './sqlite.ts';

const Owner = z.object({ pid: z.int(), startedAt: z.string(), url: z.string().nullable() });
type Owner = z.infer<typeof Owner>;

/** Thrown where another process holds the data folder; the message says which, since when, and what to do. */
export class DataFolderHeldError extends Error {
  override readonly name = 'DataFolderHeldError';
  /** Null where the holder has not said yet who it is. */
  readonly pid: number | null;
  constructor(folder: string, owner: Owner | null) {
    const who =
      owner === null
        ? 'another process, which has not said yet which'
        : `process ${owner.pid} since ${owner.startedAt}${owner.url === null ? ', still starting' : `, at ${owner.url}`}`;
    super(
      `The data folder ${folder} is held\n  by ${who}.\n` +
        `Use that one, stop it${owner === null ? '' : ` (kill ${owner.pid})`}, or choose another folder with SLIPWAY_DATA.`,
    );
    this.pid = owner?.pid ?? null;
  }
}

export interface DataFolder {
  readonly store: SqliteStore;
  /** New at each start: tells this run's workers from those of any other. */
  readonly bootId: string;
  /** The absolute path of a file or folder in here. */
  readonly path: (name: string) => string;
  /** Puts the address into `owner.json`, for whoever comes second. */
  readonly announce: (url: string) => void;
  /** Lets go of the folder. Idempotent. */
  readonly close: () => void;
}

/**
 * Opens the data folder, making it (0700) where it is missing, and holds it alone. What counts is the lock on the database,
 * which the operating system drops at any death of its holder; `owner.json` only lends the message its words. The mode of a
 * folder that stood before is left alone: it may be somebody's home. All that is kept in it has modes of its own.
 * @throws DataFolderHeldError while another process has it open
 */
export function openDataFolder(
  folder: string,
  options: { readonly clock: Clock; readonly random: Random; readonly onError?: (error: unknown) => void },
): DataFolder {
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ownerFile = join(folder, 'owner.json');
  let store: SqliteStore;
  try {
    store = openStore(join(folder, 'slipway.db'), options);
  } catch (error) {
    throw isHeldElsewhere(error) ? new DataFolderHeldError(folder, readOwner(ownerFile)) : error;
  }
  const startedAt = new Date(options.clock.nowMs()).toISOString();
  const announce = (url: string | null): void => {
    const owner: Owner = { pid: process.pid, startedAt, url };
    // By way of another name, so that nobody reads half of it.
    writeFileSync(`${ownerFile}.new`, `${JSON.stringify(owner)}\n`, { mode: 0o600 });
    renameSync(`${ownerFile}.new`, ownerFile);
  };
  announce(null);
  let isOpen = true;
  return {
    store,
    bootId: options.random.id(),
    path: (name) => join(folder, name),
    announce,
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      // Before the lock goes: afterwards the file may be the next owner's.
      rmSync(ownerFile, { force: true });
      store.close();
    },
  };
}

function readOwner(file: string): Owner | null {
  try {
    return Owner.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}
