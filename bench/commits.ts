import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Job } from '../domain/contract/job.ts';
import { born } from '../domain/state.ts';
import { HOUR, NEVER_MS } from '../domain/time.ts';
import { systemClock } from '../host/clock.ts';
import { systemRandom } from '../host/random.ts';
import { openStore } from '../local/sqlite.ts';
import { inParallel } from './measure.ts';

/** A subject of measurement that holds a file. */
export interface Committer {
  /** Milliseconds that each of `count` commits took, one after the other. */
  times(count: number): Promise<number[]>;
  close(): void;
}

/**
 * The least that a durable commit costs on this disk: one row in one transaction, the bytes of a new job, nothing else. Its
 * pragmas are written out here and not taken from the store, or a store that had stopped waiting for the disk would look unchanged.
 */
export function bareSqlite(folder: string): Committer {
  const db = new DatabaseSync(join(folder, 'bare.db'));
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  db.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, data TEXT NOT NULL) STRICT');
  const insert = db.prepare('INSERT INTO rows (data) VALUES (?)');
  const data = JSON.stringify(bornWrites());
  return {
    async times(count) {
      const times: number[] = [];
      for (let i = 0; i < count; i += 1) {
        const beganMs = performance.now();
        insert.run(data);
        times.push(performance.now() - beganMs);
      }
      return times;
    },
    close: () => db.close(),
  };
}

export interface StoreCommitter extends Committer {
  /** Commits a second with `inFlight` of them asked for at a time. */
  grouped(count: number, inFlight: number): Promise<number>;
}

/** The store's own commit of a new job: two documents, their precondition and their index entries. */
export function sqliteStore(folder: string): StoreCommitter {
  const store = openStore(join(folder, 'store.db'), { clock: systemClock });
  return {
    async times(count) {
      const times: number[] = [];
      for (let i = 0; i < count; i += 1) {
        const writes = bornWrites();
        const beganMs = performance.now();
        await store.commit(writes);
        times.push(performance.now() - beganMs);
      }
      return times;
    },
    async grouped(count, inFlight) {
      const beganMs = performance.now();
      await inParallel(count, inFlight, () => store.commit(bornWrites()));
      return count / ((performance.now() - beganMs) / 1_000);
    },
    close: () => store.close(),
  };
}

/** What creates a job: two documents. */
export function bornWrites(): ReturnType<typeof born> {
  const nowMs = systemClock.nowMs();
  const job: Job = {
    schema: 1,
    id: systemRandom.id(),
    tenant: 'default',
    model: 'noop',
    pool: 'noop',
    queues: ['noop@local'],
    home: 'noop@local',
    state: 'queued',
    reason: null,
    untilMs: NEVER_MS,
    version: 1,
    attempt: 0,
    failures: 0,
    maxAttempts: 3,
    holder: null,
    priority: 'normal',
    rank: nowMs,
    input: { echo: 1 },
    inputFrom: [],
    dependsOn: [],
    output: null,
    error: null,
    artifacts: [],
    metrics: {},
    progress: null,
    attempts: [],
    cost: null,
    metadata: {},
    webhook: null,
    requestHash: systemRandom.hex(32),
    runTimeoutMs: 60_000,
    createdAtMs: nowMs,
    queuedAtMs: nowMs,
    startedAtMs: null,
    finishedAtMs: null,
    startByMs: nowMs + 24 * HOUR,
  };
  return born(job);
}
