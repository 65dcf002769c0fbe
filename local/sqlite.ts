import { UnclearError } from '../domain/errors.ts';
import type { CollectionName, Collections } from '../domain/collections.ts';
import type { Clock, Page, Ref, Snapshot, Store } from '../domain/ports.ts';
import { checkCursor, checkLimit, type CollectionOf } from '../domain/shapes.ts';
import { keyOf, pageSql } from './sqlite-entries.ts';
import { openDatabase } from './sqlite-file.ts';
import { reindex } from './sqlite-reindex.ts';
import {
  freeze,
  makeWriter,
  pathTopic,
  shapeTopic,
  type Change,
  type DocumentRow,
  type FrozenWrite,
} from './sqlite-writes.ts';

export interface SqliteStore extends Store {
  /** The store's own time: the clock's, except that it never goes back, not even from one run to the next. */
  nowMs(): number;
  /** Tells of the documents that a commit created, once the commit is on the disk. Returns the stop. */
  onCommit(listener: (created: readonly Ref[]) => void): () => void;
  /** Finishes what was asked for, then lets go of the file. Idempotent. */
  close(): void;
}

interface Waiting {
  readonly writes: readonly FrozenWrite[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The embedded store: one SQLite file, held by this process alone. Commits asked for in one turn of the event loop share a
 * transaction and so one wait for the disk; each keeps its own preconditions and its own outcome. Each query, count and page
 * is one range of the index `entries`.
 * @param options.onError hears what a watch or commit listener throws; by default it is thrown on, uncaught
 * @throws Error as `openDatabase`
 */
export function openStore(
  file: string,
  options: { readonly clock: Clock; readonly onError?: (error: unknown) => void },
): SqliteStore {
  const db = openDatabase(file);
  reindex(db);
  const writer = makeWriter(db);
  const last = db.prepare('SELECT number, at FROM last_commit').get() as { number: number; at: number };
  const setLast = db.prepare('UPDATE last_commit SET number = ?, at = ?');
  const getDocument = db.prepare('SELECT path, data, etag, updated_at FROM documents WHERE path = ?');
  const countEntries = db.prepare(
    'SELECT count(*) AS n FROM (SELECT 1 FROM entries WHERE shape = ? AND key = ? LIMIT ?)',
  );
  const pagesIn = (direction: 'asc' | 'desc') => ({
    first: db.prepare(pageSql(direction, 'start')),
    after: db.prepare(pageSql(direction, 'cursor')),
  });
  const pages = { asc: pagesIn('asc'), desc: pagesIn('desc') };

  // One past the last commit of any former run, so that its documents are older than whatever this run writes.
  let atMs = last.at + 1;
  let number = last.number;
  let isOpen = true;
  let waiting: Waiting[] = [];
  let scheduled: NodeJS.Immediate | null = null;
  const commitListeners = new Set<(created: readonly Ref[]) => void>();
  const watches = new Map<string, Set<() => void>>();
  const onError =
    options.onError ??
    ((error: unknown) => {
      queueMicrotask(() => {
        throw error;
      });
    });

  const now = (): number => (atMs = Math.max(atMs, Math.trunc(options.clock.nowMs())));
  const mustBeOpen = (): void => {
    if (!isOpen) throw new Error('the store is closed');
  };
  const guarded = (fn: () => void): void => {
    try {
      fn();
    } catch (error) {
      onError(error);
    }
  };

  const flush = (): void => {
    scheduled = null;
    const group = waiting;
    waiting = [];
    const settle: (() => void)[] = [];
    const changes: Change[] = [];
    try {
      db.exec('BEGIN IMMEDIATE');
      for (const { writes, resolve, reject } of group) {
        let plans;
        try {
          plans = writer.plan(writes);
        } catch (error) {
          settle.push(() => reject(error as Error));
          continue;
        }
        changes.push(writer.apply(plans, ++number, now()));
        settle.push(resolve);
      }
      if (changes.length > 0) setLast.run(number, now());
      db.exec(changes.length > 0 ? 'COMMIT' : 'ROLLBACK');
    } catch (cause) {
      if (db.isTransaction) guarded(() => db.exec('ROLLBACK'));
      // Even an outcome of "precondition failed" may have rested on a neighbour's write that is gone now.
      for (const { reject } of group) reject(new UnclearError('the commit did not reach the disk', { cause }));
      return;
    }
    for (const done of settle) done();
    tell(changes);
  };

  const tell = (changes: readonly Change[]): void => {
    const created = changes.flatMap((change) => change.created);
    if (created.length > 0) for (const listener of [...commitListeners]) guarded(() => listener(created));
    const due = new Set<() => void>();
    for (const topic of new Set(changes.flatMap((change) => change.topics))) {
      for (const onChange of watches.get(topic) ?? []) due.add(onChange);
    }
    for (const onChange of due) guarded(onChange);
  };

  const snapshot = <C extends CollectionName>(row: DocumentRow, readAtMs: number): Snapshot<Collections[C]> => ({
    path: row.path,
    data: JSON.parse(row.data) as Collections[C],
    etag: String(row.etag),
    updatedAtMs: row.updated_at,
    readAtMs,
  });

  return {
    async get(ref) {
      mustBeOpen();
      const row = getDocument.get(ref.path) as DocumentRow | undefined;
      return row === undefined ? null : snapshot(row, now());
    },

    async commit(writes) {
      mustBeOpen();
      const frozen = freeze(writes);
      if (frozen.length === 0) return;
      await new Promise<void>((resolve, reject) => {
        waiting.push({ writes: frozen, resolve, reject });
        scheduled ??= setImmediate(flush);
      });
    },

    async query(name, where, { limit, after }): Promise<Page<Collections[CollectionOf<typeof name>]>> {
      mustBeOpen();
      const { shape, key } = keyOf(name, where);
      checkLimit(limit);
      const { first, after: rest } = pages[shape.direction];
      // One more than asked for tells whether there is a next page.
      const rows = (after === undefined
        ? first.all(name, key, limit + 1)
        : rest.all(name, key, ...checkCursor(after), limit + 1)) as unknown as (DocumentRow & {
        readonly sort: string | number;
      })[];
      const readAtMs = now();
      const page = rows.slice(0, limit);
      const end = page.at(-1);
      return {
        items: page.map((row) => snapshot<CollectionOf<typeof name>>(row, readAtMs)),
        next: rows.length > limit && end !== undefined ? [end.sort, end.path] : null,
        readAtMs,
      };
    },

    async count(name, where, limit) {
      mustBeOpen();
      const { key } = keyOf(name, where);
      checkLimit(limit);
      return (countEntries.get(name, key, limit) as { n: number }).n;
    },

    watch(target, onChange) {
      mustBeOpen();
      const topic =
        'path' in target
          ? pathTopic(target.path)
          : shapeTopic({ shape: target.shape, key: keyOf(target.shape, target.where).key });
      // A function of our own, since the same `onChange` may watch twice.
      const watcher = (): void => {
        if (watches.get(topic)?.has(watcher)) onChange();
      };
      const watchers = watches.get(topic) ?? new Set();
      watches.set(topic, watchers.add(watcher));
      return () => {
        watchers.delete(watcher);
        if (watchers.size === 0 && watches.get(topic) === watchers) watches.delete(topic);
      };
    },

    nowMs: now,

    onCommit(listener) {
      commitListeners.add(listener);
      return () => commitListeners.delete(listener);
    },

    close() {
      if (!isOpen) return;
      isOpen = false;
      if (scheduled !== null) {
        clearImmediate(scheduled);
        flush();
      }
      db.close();
    },
  };
}
