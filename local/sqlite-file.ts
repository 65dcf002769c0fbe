import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const SCHEMA_VERSION = 1;

/** `sort` has no type of its own: numbers sort by value and before strings, strings by their bytes in UTF-8, as in Firestore. */
const SCHEMA = `
  CREATE TABLE documents (
    path TEXT NOT NULL PRIMARY KEY,
    collection TEXT NOT NULL,
    data TEXT NOT NULL,
    etag INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE entries (
    shape TEXT NOT NULL,
    key TEXT NOT NULL,
    sort ANY NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (shape, key, sort, path)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE last_commit (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
  INSERT INTO last_commit VALUES (1, 0, 0);
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Opens or makes the database file (0600, and so SQLite's files beside it) and holds it alone until closed or until this
 * process dies, in whatever way: the lock is the operating system's. A commit is on the disk before it returns.
 * @throws Error for which `isHeldElsewhere` is true, while another has it open
 * @throws Error if a newer Slipway made the file
 */
export function openDatabase(file: string): DatabaseSync {
  closeSync(openSync(file, 'a', 0o600));
  const db = new DatabaseSync(file);
  try {
    // Exclusive before WAL: then SQLite keeps the WAL's index in memory, and no second process can even read.
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    db.exec('BEGIN EXCLUSIVE');
    const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version > SCHEMA_VERSION) {
      throw new Error(
        `${file} was made by a newer Slipway (format ${version}, this one knows ${SCHEMA_VERSION}): use that one`,
      );
    }
    if (version === 0) db.exec(SCHEMA);
    db.exec('COMMIT');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Whether `openDatabase` failed because another process, or another connection in this one, holds the file. */
export function isHeldElsewhere(error: unknown): boolean {
  const SQLITE_BUSY = 5;
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' && (code & 0xff) === SQLITE_BUSY;
}
