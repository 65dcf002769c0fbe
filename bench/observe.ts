import type { JobEvent } from '../domain/contract/job.ts';
import { isConflict } from '../domain/errors.ts';
import type { Store, Write } from '../domain/ports.ts';
import { isTerminal } from '../domain/state.ts';

/** When the commits of one job were on the disk, by this process's `performance.now()`. */
export interface Marks {
  readonly storedMs: number;
  readonly startedMs: number;
  readonly finishedMs: number;
  /** Its last event was closed. */
  readonly settledMs: number;
}

export interface Counts {
  /** Calls of `commit`, lost ones included. */
  readonly commits: number;
  readonly conflicts: number;
  /** Transactions that those calls were gathered into: each is one wait for the disk. */
  readonly transactions: number;
}

export interface CommitWatch {
  counts(): Counts;
  /** Resolves with a job's marks once it has ended and none of its events is open. @throws Error if it did not succeed */
  settled(jobId: string): Promise<Marks>;
}

interface Following {
  readonly done: PromiseWithResolvers<Marks>;
  readonly at: Map<string, number>;
  openEvents: number;
  ended: JobEvent | null;
}

/**
 * Listens to a store's commits from outside, by putting itself in front of `commit`: every hop of a job but the client's own
 * ends in one, so nothing of the product has to carry a stopwatch.
 */
export function observeCommits(store: Store): CommitWatch {
  const commit = store.commit.bind(store);
  const jobs = new Map<string, Following>();
  let [commits, conflicts, transactions] = [0, 0, 0];
  let isGroupOpen = false;

  const follow = (jobId: string): Following => {
    const known = jobs.get(jobId);
    if (known !== undefined) return known;
    const fresh: Following = { done: Promise.withResolvers(), at: new Map(), openEvents: 0, ended: null };
    // A job that nobody asks about, and that fails, must not end the process.
    fresh.done.promise.catch(() => undefined);
    jobs.set(jobId, fresh);
    return fresh;
  };

  const note = (write: Write, nowMs: number): void => {
    if (write.ref.collection !== 'events' || write.kind === 'delete') return;
    const job = follow(write.ref.path.split('/')[1] ?? '');
    if (write.kind === 'create') {
      const event = write.data as JobEvent;
      if (event.open) job.openEvents += 1;
      job.at.set(event.to, nowMs);
      if (isTerminal(event.to)) job.ended = event;
    } else if ((write.patch as Partial<JobEvent>).open === false) {
      job.openEvents -= 1;
    }
    if (job.ended === null || job.openEvents > 0) return;
    const at = (state: string): number => job.at.get(state) ?? NaN;
    if (job.ended.to !== 'succeeded') {
      const why = job.ended.error?.message ?? 'no reason given';
      return job.done.reject(new Error(`a no-op job ended as ${job.ended.to}: ${why}`));
    }
    job.done.resolve({
      storedMs: at('queued'),
      startedMs: at('running'),
      finishedMs: at('succeeded'),
      settledMs: nowMs,
    });
  };

  store.commit = async (writes) => {
    commits += 1;
    if (!isGroupOpen) {
      isGroupOpen = true;
      transactions += 1;
      // Set just before the store sets its own: what is asked for between the two turns belongs to the next transaction.
      setImmediate(() => (isGroupOpen = false));
    }
    try {
      await commit(writes);
    } catch (error) {
      if (isConflict(error)) conflicts += 1;
      throw error;
    }
    const nowMs = performance.now();
    for (const write of writes) note(write, nowMs);
  };

  return {
    counts: () => ({ commits, conflicts, transactions }),
    settled: async (jobId) => {
      const marks = await follow(jobId).done.promise;
      jobs.delete(jobId);
      return marks;
    },
  };
}
