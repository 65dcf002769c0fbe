import type { Job } from '../../domain/contract/job.ts';
import type { JobResource, JobSummary } from '../../domain/contract/http.ts';
import type { FieldOf, Part } from '../../domain/query.ts';
import { NEVER_MS, SECOND } from '../../domain/time.ts';
import type { Deps } from '../deps.ts';
import type { Caller } from './authenticate.ts';
import { timesOf, TIMES_FIELDS } from './times.ts';

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));
const seconds = (ms: number | null): number | null => (ms === null ? null : ms / SECOND);

/** A job as its tenant sees it: no holder, no rank, no hash; artifacts with addresses that open for a while. */
async function jobResource(deps: Pick<Deps, 'blobs' | 'settings' | 'catalogue'>, job: Job): Promise<JobResource> {
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
    outputUrl: artifacts.find(({ name }) => name === job.outputArtifact)?.url ?? null,
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

/**
 * A job as this caller may see it: without scope `read` nothing of what it was given and what came of it, and by a read token,
 * which anybody may have, not where its webhooks go.
 */
export async function shownJob(
  deps: Pick<Deps, 'blobs' | 'settings' | 'catalogue'>,
  { scopes, via }: Pick<Caller, 'scopes' | 'via'>,
  job: Job,
): Promise<JobResource> {
  if (!scopes.includes('read')) {
    const hidden = { input: null, inputFrom: [], output: null, outputUrl: null, artifacts: [], attempts: [] };
    return { ...jobSummary(deps, job), ...hidden };
  }
  const shown = await jobResource(deps, job);
  return via === 'read-token' ? { ...shown, webhook: null } : shown;
}

/** The fields of a job that its summary is made of: a list reads no others, since a page of whole jobs can be a hundred mebibytes. */
export const SUMMARY_FIELDS = [
  'id',
  'model',
  'state',
  'reason',
  'untilMs',
  'version',
  'attempt',
  'priority',
  'dependsOn',
  'error',
  'metrics',
  'progress',
  'attempts',
  'cost',
  'webhook',
  'metadata',
  'labels',
  'retryOf',
  'queuedAtMs',
  'startedAtMs',
  'finishedAtMs',
  'purgeAtMs',
  ...TIMES_FIELDS,
] as const satisfies readonly FieldOf<Job>[];
export type SummaryPart = Part<Job, (typeof SUMMARY_FIELDS)[number]>;

/** A job as its tenant sees it, without what can be large. */
export function jobSummary({ catalogue }: Pick<Deps, 'catalogue'>, job: SummaryPart): JobSummary {
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

function timingOf(job: SummaryPart): JobResource['timing'] {
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
