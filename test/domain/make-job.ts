import type { Job } from '../../domain/contract/job.ts';
import type { Snapshot } from '../../domain/ports.ts';
import { HOUR, NEVER_MS } from '../../domain/time.ts';

export const T0 = Date.UTC(2026, 10, 21);

/** A queued job as the api makes it, with whatever a test wants different. */
export function makeJob(overrides: Partial<Job> = {}): Job {
  return {
    schema: 1,
    id: 'job1',
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
    rank: T0,
    input: {},
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
    requestHash: '',
    runTimeoutMs: 60_000,
    createdAtMs: T0,
    queuedAtMs: T0,
    startedAtMs: null,
    finishedAtMs: null,
    startByMs: T0 + 24 * HOUR,
    ...overrides,
  };
}

/** A document as a store would have read it. */
export function snapshotOf<T>(
  data: T,
  path = 'jobs/job1',
  times: { updatedAtMs?: number; readAtMs?: number } = {},
): Snapshot<T> {
  return { path, data, etag: '1', updatedAtMs: times.updatedAtMs ?? T0, readAtMs: times.readAtMs ?? T0 };
}
