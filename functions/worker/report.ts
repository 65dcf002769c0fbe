import type { ArtifactReply, ArtifactRequest, ReportReply, ReportRequest } from '../../domain/contract/door.ts';
import type { Job, LogChunk } from '../../domain/contract/job.ts';
import { RequestError } from '../../domain/errors.ts';
import { sameHolder } from '../../domain/holder.ts';
import { create, refs, update, type Snapshot, type Write } from '../../domain/ports.ts';
import { isHeld } from '../../domain/state.ts';
import type { DoorDeps } from '../deps.ts';
import { decideAgain } from '../steps/again.ts';
import { holderOf, slotOf, type Session } from './session.ts';

/** How many metrics a job may carry: they stand in its document. */
const METRICS_KEPT = 100;

/** The job that a session runs. @throws RequestError session_refused if it is not (or no longer) this session's */
async function heldBy(deps: DoorDeps, session: Session, jobId: string, attempt: number): Promise<Snapshot<Job>> {
  const read = await deps.store.get(refs.job(jobId));
  if (read === null || !isHeld(read.data.state) || !sameHolder(read.data.holder, holderOf(session, attempt))) {
    throw new RequestError('not_found', `attempt ${attempt} of job ${jobId} is not this worker's`);
  }
  return read;
}

/**
 * Stores the newest progress and metrics, and a chunk of log lines once, however often it is repeated. Makes no event.
 * @returns whether the job's cancellation was asked for
 * @throws RequestError session_refused, or not_found where the job is not this worker's: it drops the job and goes on
 */
export async function report(deps: DoorDeps, session: Session, request: ReportRequest): Promise<ReportReply> {
  await slotOf(deps, session);
  return decideAgain(async () => {
    const read = await heldBy(deps, session, request.job, request.attempt);
    const cancel = read.data.state === 'canceling';
    const { job, attempt, logs, logSeq, setup } = request;
    const writes: Write[] = [];
    if (request.progress !== null || Object.keys(request.metrics).length > 0) {
      const metrics = { ...read.data.metrics, ...request.metrics };
      writes.push(
        update(refs.job(request.job), read, {
          metrics: Object.fromEntries(Object.entries(metrics).slice(0, METRICS_KEPT)),
          ...(request.progress === null ? {} : { progress: { ...request.progress, atMs: deps.clock.nowMs() } }),
        }),
      );
    }
    writes.push(...(await chunkWrites(deps, { jobId: job, attempt, seq: logSeq, lines: logs })));
    if (setup !== undefined) writes.push(...(await chunkWrites(deps, { jobId: job, attempt: -attempt, ...setup })));
    if (writes.length > 0) await deps.store.commit(writes);
    return { cancel };
  });
}

/** A chunk is written once, however often it comes. */
async function chunkWrites(
  { store }: Pick<DoorDeps, 'store'>,
  { jobId, attempt, seq, lines }: Pick<LogChunk, 'jobId' | 'attempt' | 'seq' | 'lines'>,
): Promise<Write[]> {
  const ref = refs.log(jobId, attempt, seq);
  if (lines.length === 0 || (await store.get(ref)) !== null) return [];
  return [create(ref, { schema: 1, jobId, attempt, seq, lines })];
}

/**
 * A signed URL to upload one file of a running attempt to. The path carries the attempt, so a worker that lost its job
 * cannot overwrite what its successor made.
 * @throws RequestError session_refused, not_found, invalid_input where the file is larger than its model may make
 */
export async function artifact(deps: DoorDeps, session: Session, request: ArtifactRequest): Promise<ArtifactReply> {
  await slotOf(deps, session);
  const read = await heldBy(deps, session, request.job, request.attempt);
  const bound = deps.catalogue.models.get(read.data.model)?.model.limits.maxArtifactBytes ?? 0;
  if (request.sizeBytes > bound) {
    throw new RequestError(
      'invalid_input',
      `artifact ${request.name} has ${request.sizeBytes} bytes, more than ${bound}`,
    );
  }
  const path = artifactPath(request.job, request.attempt, request.name);
  const { url, headers } = await deps.blobs.signUpload(path, {
    contentType: request.contentType,
    sizeBytes: request.sizeBytes,
    expiresInMs: deps.settings.uploadUrlMs,
  });
  return { path, url, headers };
}

export const artifactPath = (jobId: string, attempt: number, name: string): string =>
  `jobs/${jobId}/${attempt}/${name}`;
