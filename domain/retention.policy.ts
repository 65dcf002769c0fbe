import type { Job } from './contract/job.ts';
import { DAY, HOUR } from './time.ts';

export const MIN_RETENTION_MS = HOUR;
export const MAX_RETENTION_MS = 365 * DAY;
/** Also for jobs of builds that let none be chosen. */
export const DEFAULT_RETENTION_MS = 30 * DAY;

/** How long a job is kept after its end. */
export const retentionMsOf = ({ retentionMs = DEFAULT_RETENTION_MS }: Pick<Job, 'retentionMs'>): number => retentionMs;

/**
 * What a job is due for, by the store's own time: to be emptied at the end of its retention, to be deleted at the end of its
 * tombstone's. A job that has not ended has no such time.
 */
export function dueForPurge({ purgeAtMs, tombstone }: Job, readAtMs: number): 'nothing' | 'empty' | 'delete' {
  if (purgeAtMs === undefined || purgeAtMs > readAtMs) return 'nothing';
  return tombstone === undefined ? 'empty' : 'delete';
}

/**
 * Whether a job reads another's state and output still: while it waits for it, and never after. Its release puts the outputs
 * into its own input in the commit that ends the wait, and a retry of it copies that input.
 */
export const needsParents = ({ state, reason }: Pick<Job, 'state' | 'reason'>): boolean =>
  state === 'blocked' && reason === 'dependency';

/**
 * What turns a job into its tombstone, by one update. What is left says that there was a job of this id, whose, made of which
 * request, and how it ended. Its tenant is nobody, so that no list, count, rule or check that asks for one finds it.
 */
export function tombstoneOf(job: Job, nowMs: number, tombstoneMs: number): Partial<Job> {
  return {
    tenant: '',
    tombstone: { tenant: job.tenant, purgedAtMs: nowMs },
    purgeAtMs: nowMs + tombstoneMs,
    input: null,
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
    ...(job.labels === undefined ? {} : { labels: [] }),
  };
}
