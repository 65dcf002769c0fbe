import type { Job } from '../../domain/contract/job.ts';
import type { JobResource, JobSummary } from '../../domain/contract/http.ts';
import { NEVER_MS, SECOND } from '../../domain/time.ts';
import type { Deps } from '../deps.ts';
import { timesOf } from './times.ts';

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));
const seconds = (ms: number | null): number | null => (ms === null ? null : ms / SECOND);

/** A job as its tenant sees it: no holder, no rank, no hash; artifacts with addresses that open for a while. */
export async function jobResource(
  deps: Pick<Deps, 'blobs' | 'settings' | 'catalogue'>,
  job: Job,
): Promise<JobResource> {
  const artifacts = await Promise.all(
    job.artifacts.map(async ({ name, contentType, sizeBytes, path }) => {
      const url = await deps.blobs.signDownload(path, { expiresInMs: deps.settings.downloadUrlMs });
      return { name, contentType, sizeBytes, url };
    }),
  );
  return {
    ...jobSummary(deps, job),
    input: job.input,
    inputFrom: job.inputFrom,
    output: job.output,
    artifacts,
    attempts: job.attempts.map((attempt) => ({
      attempt: attempt.attempt,
      worker: attempt.execution,
      cold: attempt.cold,
      startedAt: iso(attempt.startedAtMs),
      endedAt: isoOrNull(attempt.endedAtMs),
      outcome: attempt.outcome,
      error: attempt.error,
    })),
  };
}

/** The same without what can be large. */
export function jobSummary({ catalogue }: Pick<Deps, 'catalogue'>, job: Job): JobSummary {
  // When a job that waits for others is looked at again says nothing about when it will go on.
  const hasTime = job.reason !== 'dependency' && job.untilMs !== NEVER_MS;
  return {
    id: job.id,
    model: job.model,
    state: job.state,
    blocked: job.reason === null ? null : { reason: job.reason, until: hasTime ? iso(job.untilMs) : null },
    version: job.version,
    attempt: job.attempt,
    priority: job.priority,
    dependsOn: job.dependsOn,
    error: job.error,
    metrics: job.metrics,
    progress:
      job.progress === null
        ? null
        : { fraction: job.progress.fraction, message: job.progress.message, at: iso(job.progress.atMs) },
    timing: timingOf(job),
    cost: job.cost,
    webhook: job.webhook,
    metadata: job.metadata,
    labels: job.labels ?? [],
    retryOf: job.retryOf ?? null,
    notBefore: isoOrNull(job.notBeforeMs ?? null),
    createdAt: iso(job.createdAtMs),
    queuedAt: isoOrNull(job.queuedAtMs),
    startedAt: isoOrNull(job.startedAtMs),
    finishedAt: isoOrNull(job.finishedAtMs),
    startBy: iso(job.startByMs),
    times: timesOf(catalogue, job),
    purgeAt: isoOrNull(job.purgeAtMs ?? null),
  };
}

function timingOf(job: Job): JobResource['timing'] {
  const last = job.attempts.at(-1);
  if (last === undefined) return { queuedSeconds: null, bootSeconds: null, loadSeconds: null, runSeconds: null };
  // A job that is queued again has a queueing time that is not this attempt's.
  const wasQueuedFor = job.queuedAtMs !== null && job.queuedAtMs <= last.startedAtMs;
  return {
    queuedSeconds: wasQueuedFor ? seconds(last.startedAtMs - (job.queuedAtMs ?? 0)) : null,
    bootSeconds: seconds(last.bootMs),
    loadSeconds: seconds(last.loadMs),
    runSeconds: last.endedAtMs === null ? null : seconds(last.endedAtMs - last.startedAtMs),
  };
}
