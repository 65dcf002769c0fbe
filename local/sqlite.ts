import type { StatementSync } from 'node:sqlite';
import { UnclearError } from '../domain/errors.ts';
import type { Clock, Ref, Snapshot, Store } from '../domain/ports.ts';
import { checkCursor, checkFields, checkLimit } from '../domain/shapes.ts';
import { documentIn, keyOf, pageSql, type PageForm } from './sqlite-entries.ts';
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

type PageRow = Omit<DocumentRow, 'data'> & Record<string, unknown> & { readonly sort: string | number };

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
  const setLast = db.prepare('UPDATE last_commit SET number = ?1, at = ?2, indexed = ?1');
  const getDocument = db.prepare('SELECT path, data, etag, updated_at FROM documents WHERE path = ?');
  const countEntries = db.prepare(
    'SELECT count(*) AS n FROM (SELECT 1 FROM entries WHERE shape = ? AND key = ? LIMIT ?)',
  );
  const pages = new Map<string, StatementSync>();
  const pageOf = (form: PageForm): StatementSync => {
    const sql = pageSql(form);
    const known = pages.get(sql) ?? db.prepare(sql);
    pages.set(sql, known);
    return known;
  };

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

  const snapshot = <T>(row: Omit<DocumentRow, 'data'>, data: unknown, readAtMs: number): Snapshot<T> => ({
    path: row.path,
    data: data as T,
    etag: String(row.etag),
    updatedAtMs: row.updated_at,
    readAtMs,
  });

  return {
    async get(ref) {
      mustBeOpen();
      const row = getDocument.get(ref.path) as DocumentRow | undefined;
      return row === undefined ? null : snapshot(row, JSON.parse(row.data), now());
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

    async query(name, where, { limit, after, until, fields: asked }) {
      mustBeOpen();
      const { shape, key } = keyOf(name, where);
      checkLimit(limit);
      const fields = checkFields(asked);
      const cursor = after === undefined ? [] : checkCursor(after);
      const bound = until === undefined ? [] : [until];
      const { direction } = shape;
      const from = after === undefined ? 'start' : 'cursor';
      const page = pageOf({ direction, from, isBounded: until !== undefined, fields });
      // One more than asked for tells whether there is a next page.
      const rows = page.all(name, key, ...cursor, ...bound, limit + 1) as unknown as PageRow[];
      const readAtMs = now();
      const inPage = rows.slice(0, limit);
      const end = inPage.at(-1);
      return {
        items: inPage.map((row) => snapshot(row, documentIn(row, fields), readAtMs)),
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
