import type { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { CollectionName } from '../domain/collections.ts';
import { SHAPES } from '../domain/shapes.ts';
import { entriesOf } from './sqlite-entries.ts';

/** SQLite keeps a number of the application's own in the file's header: here it tells which shapes the index was made for. */
const MADE_FOR = crc32(JSON.stringify(SHAPES)) | 0;

/** Makes the index anew where the file was last written by a build with other shapes, older or newer. */
export function reindex(db: DatabaseSync): void {
  const { application_id: madeFor } = db.prepare('PRAGMA application_id').get() as { application_id: number };
  if (madeFor === MADE_FOR) return;
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
    db.exec(`PRAGMA application_id = ${MADE_FOR}`);
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}
