import type { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { CollectionName } from '../domain/collections.ts';
import { SHAPES } from '../domain/shapes.ts';
import { ENTRIES_VERSION, entriesOf } from './sqlite-entries.ts';

/** SQLite keeps a number of the application's own in the file's header: here it tells which entries the index was made of. */
const MADE_FOR = crc32(JSON.stringify([ENTRIES_VERSION, SHAPES])) | 0;

/**
 * Makes the index anew where the file was last written by a build with other shapes, older or newer. Builds of before this rule
 * leave that number as it is and make no entries of shapes that they do not know; but nor do they write `indexed`, the last commit
 * whose entries are all there. So each goes on with what the other has written, and this one finds all of it.
 */
export function reindex(db: DatabaseSync): void {
  const columns = db.prepare('PRAGMA table_info(last_commit)').all();
  if (!columns.some(({ name }) => name === 'indexed')) {
    db.exec('ALTER TABLE last_commit ADD COLUMN indexed INTEGER NOT NULL DEFAULT -1');
  }
  const { application_id: madeFor } = db.prepare('PRAGMA application_id').get() as { application_id: number };
  const { number, indexed } = db.prepare('SELECT number, indexed FROM last_commit').get() as Record<string, number>;
  if (madeFor === MADE_FOR && indexed === number) return;
  db.exec('BEGIN EXCLUSIVE');
  try {
    db.exec('DELETE FROM entries');
    const add = db.prepare('INSERT INTO entries (shape, key, sort, path) VALUES (?, ?, ?, ?)');
    for (const row of db.prepare('SELECT path, collection, data FROM documents').iterate()) {
      const { path, collection, data } = row as { path: string; collection: CollectionName; data: string };
      for (const { shape, key, sort } of entriesOf(collection, JSON.parse(data) as Record<string, unknown>)) {
        add.run(shape, key, sort, path);
      }
    }
    db.exec(`UPDATE last_commit SET indexed = number; PRAGMA application_id = ${MADE_FOR}`);
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}
