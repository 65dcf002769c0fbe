import type { Times } from '../../domain/contract/http.ts';
import type { Job } from '../../domain/contract/job.ts';
import type { Model, Queue } from '../../domain/contract/model.ts';
import { retentionMsOf } from '../../domain/retention.policy.ts';
import { SECOND } from '../../domain/time.ts';
import type { Deps } from '../deps.ts';

/** The four times of a job. How long a worker may take to start is its pool's: it starts for whatever is queued there. */
export const timesOf = ({ queues }: Deps['catalogue'], job: Job): Times => ({
  startDeadlineSeconds: startDeadlineSeconds(job),
  startupTimeoutSeconds: startupTimeoutSeconds(queues.get(job.home)),
  runTimeoutSeconds: job.runTimeoutMs / SECOND,
  retentionSeconds: retentionMsOf(job) / SECOND,
});

/** Those that a job of this model has unless it asks for others. */
export const timesOfModel = (
  { catalogue, settings }: Pick<Deps, 'catalogue' | 'settings'>,
  { pool, limits }: Model,
): Times => ({
  startDeadlineSeconds: limits.startDeadlineSeconds,
  startupTimeoutSeconds: startupTimeoutSeconds(
    [...catalogue.queues.values()].find((queue) => queue.pool.name === pool),
  ),
  runTimeoutSeconds: limits.runTimeoutSeconds,
  retentionSeconds: settings.retentionMs / SECOND,
});

/** How long it had to be started, from when it might have been. */
export const startDeadlineSeconds = ({ startByMs, createdAtMs, notBeforeMs = 0 }: Job): number =>
  (startByMs - Math.max(createdAtMs, notBeforeMs)) / SECOND;

const startupTimeoutSeconds = (queue: Queue | undefined): number | null => queue?.pool.startupTimeoutSeconds ?? null;
