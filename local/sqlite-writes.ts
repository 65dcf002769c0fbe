import type { DatabaseSync } from 'node:sqlite';
import { PreconditionFailedError } from '../domain/errors.ts';
import type { Ref, Write } from '../domain/ports.ts';
import { checkWrites } from '../domain/writes.ts';
import { entriesOf, entryKey, type Entry } from './sqlite-entries.ts';

/** A write as it was when it was asked for: what the caller does to its objects afterwards changes nothing. */
export type FrozenWrite =
  | { readonly kind: 'create'; readonly ref: Ref; readonly text: string; readonly entries: readonly Entry[] }
  | { readonly kind: 'update'; readonly ref: Ref; readonly etag: string; readonly patch: string }
  | { readonly kind: 'delete'; readonly ref: Ref; readonly etag: string | null };

/** What a commit changed: `created` in the order of its writes, `topics` for the watches of paths and shapes. */
export interface Change {
  readonly created: readonly Ref[];
  readonly topics: readonly string[];
}

interface Plan {
  readonly ref: Ref;
  readonly created: boolean;
  readonly text: string | null;
  readonly before: readonly Entry[];
  readonly after: readonly Entry[];
}

export interface DocumentRow {
  readonly path: string;
  readonly data: string;
  readonly etag: number;
  readonly updated_at: number;
}

export const pathTopic = (path: string): string => `path ${path}`;
export const shapeTopic = (entry: Pick<Entry, 'shape' | 'key'>): string => `shape ${entryKey(entry)}`;

type Fields = Record<string, unknown>;

/** Checks a commit and takes a copy of it. @throws TypeError as `checkWrites` */
export function freeze(writes: readonly Write[]): FrozenWrite[] {
  checkWrites(writes);
  return writes.map(({ ref, ...write }): FrozenWrite => {
    switch (write.kind) {
      case 'create': {
        const entries = entriesOf(ref.collection, write.data as Fields);
        return { kind: 'create', ref, text: JSON.stringify(write.data), entries };
      }
      case 'update':
        return { kind: 'update', ref, etag: write.etag, patch: JSON.stringify(write.patch) };
      case 'delete':
        return { kind: 'delete', ref, etag: write.etag ?? null };
    }
  });
}

/** Applies commits to the tables, inside a transaction of the caller's. */
export interface Writer {
  /** @throws PreconditionFailedError or TypeError before anything is touched */
  plan(writes: readonly FrozenWrite[]): readonly Plan[];
  /** Throws only where the database fails; then the transaction must be rolled back. */
  apply(plans: readonly Plan[], number: number, atMs: number): Change;
}

export function makeWriter(db: DatabaseSync): Writer {
  const read = db.prepare('SELECT path, data, etag, updated_at FROM documents WHERE path = ?');
  const put = db.prepare(
    `INSERT INTO documents (path, collection, data, etag, updated_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (path) DO UPDATE SET data = excluded.data, etag = excluded.etag, updated_at = excluded.updated_at`,
  );
  const remove = db.prepare('DELETE FROM documents WHERE path = ?');
  const addEntry = db.prepare('INSERT INTO entries (shape, key, sort, path) VALUES (?, ?, ?, ?)');
  const removeEntry = db.prepare('DELETE FROM entries WHERE shape = ? AND key = ? AND sort = ? AND path = ?');

  const planOne = (write: FrozenWrite): Plan => {
    const { ref } = write;
    const row = read.get(ref.path) as DocumentRow | undefined;
    if (write.kind === 'create') {
      if (row !== undefined) throw new PreconditionFailedError(ref.path, 'exists');
      return { ref, created: true, text: write.text, before: [], after: write.entries };
    }
    if (row === undefined) {
      if (write.kind === 'update' || write.etag !== null) throw new PreconditionFailedError(ref.path, 'missing');
      return { ref, created: false, text: null, before: [], after: [] };
    }
    const old = JSON.parse(row.data) as Fields;
    const before = entriesOf(ref.collection, old);
    if (write.etag !== null && String(row.etag) !== write.etag) throw new PreconditionFailedError(ref.path, 'changed');
    if (write.kind === 'delete') return { ref, created: false, text: null, before, after: [] };
    const data = { ...old, ...(JSON.parse(write.patch) as Fields) };
    const after = entriesOf(ref.collection, data);
    return { ref, created: false, text: JSON.stringify(data), before, after };
  };

  return {
    plan: (writes) => writes.map(planOne),
    apply: (plans, number, atMs) => {
      const topics = new Set<string>();
      for (const { ref, text, before, after } of plans) {
        if (text === null) remove.run(ref.path);
        else put.run(ref.path, ref.collection, text, number, atMs);
        const left = new Map(before.map((entry) => [sortedKey(entry), entry]));
        for (const entry of after) {
          if (!left.delete(sortedKey(entry))) addEntry.run(entry.shape, entry.key, entry.sort, ref.path);
        }
        for (const entry of left.values()) removeEntry.run(entry.shape, entry.key, entry.sort, ref.path);
        topics.add(pathTopic(ref.path));
        for (const entry of [...before, ...after]) topics.add(shapeTopic(entry));
      }
      return { created: plans.filter((plan) => plan.created).map((plan) => plan.ref), topics: [...topics] };
    },
  };
}

const sortedKey = (entry: Entry): string => `${entryKey(entry)} ${JSON.stringify(entry.sort)}`;
