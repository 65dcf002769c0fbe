import type { Job, JobEvent } from '../../domain/contract/job.ts';
import { create, refs, type Write } from '../../domain/ports.ts';
import { isTerminal } from '../../domain/state.ts';
import { DAY, NEVER_MS } from '../../domain/time.ts';
import { makeJob } from '../domain/make-job.ts';
import type { CommitView } from './commit-view.ts';
import type { Doc, Documents } from './documents.ts';

/** Jobs that have been there for long: one whose retention is over, one whose tombstone is, and one that is to stay. */
const OLD = { purged: 'oldpurged', tombstone: 'oldtombstone', kept: 'oldkept' } as const;
const IDS: readonly string[] = Object.values(OLD);

/** What stands in a store before a run begins, and in its blobs. */
export interface Seeds {
  readonly writes: readonly Write[];
  readonly blobs: readonly string[];
}

/** Whether a document is of one of those jobs, which no client of the run has asked for. */
export const isOld = (jobId: string): boolean => IDS.includes(jobId);

export function oldJobs(nowMs: number): Seeds {
  const tombstone = makeJob({
    ...endedJob(OLD.tombstone, nowMs),
    tenant: '',
    artifacts: [],
    tombstone: { tenant: 'acme', purgedAtMs: nowMs - 30 * DAY },
  });
  return {
    writes: [
      ...partsOf(OLD.purged),
      create(refs.job(OLD.purged), endedJob(OLD.purged, nowMs)),
      ...partsOf(OLD.kept),
      create(refs.job(OLD.kept), { ...endedJob(OLD.kept, nowMs), purgeAtMs: nowMs + 300 * DAY }),
      create(refs.job(OLD.tombstone), tombstone),
      create(refs.edge(OLD.tombstone, 'late'), { schema: 1, parent: OLD.tombstone, child: 'late' }),
    ],
    blobs: [blobOf(OLD.purged), blobOf(OLD.kept)],
  };
}

const blobOf = (id: string): string => `jobs/${id}/1/file`;

const endedJob = (id: string, nowMs: number): Job =>
  makeJob({
    id,
    tenant: 'acme',
    state: 'failed',
    version: 2,
    attempt: 1,
    finishedAtMs: nowMs - 30 * DAY,
    purgeAtMs: nowMs - 1,
    artifacts: [{ name: 'file', contentType: 'text/plain', sizeBytes: 1, path: blobOf(id) }],
  });

const closedEvent = (jobId: string, seq: number): JobEvent => ({
  schema: 1,
  jobId,
  tenant: 'acme',
  seq,
  from: seq === 1 ? null : 'queued',
  to: seq === 1 ? 'queued' : 'failed',
  attempt: 1,
  reason: null,
  error: null,
  open: false,
  atMs: 1,
});

function partsOf(id: string): Write[] {
  const delivery = {
    schema: 1 as const,
    id: `${id}~2~job`,
    tenant: 'acme',
    jobId: id,
    seq: 2,
    endpoint: 'job',
    url: 'https://example.com',
    type: 'job.failed',
    body: '{}',
    state: 'delivered' as const,
    claims: 1,
    attempts: [],
    nextAtMs: NEVER_MS,
    createdAtMs: 0,
  };
  return [
    ...[1, 2].map((seq) => create(refs.event(id, seq), closedEvent(id, seq))),
    create(refs.delivery(delivery.id), delivery),
    create(refs.log(id, 1, 0), { schema: 1, jobId: id, attempt: 1, seq: 0, lines: [] }),
    create(refs.jobPrivate(id), { schema: 1, webhookSecret: 'whsec_' }),
    create(refs.edge(id, 'child'), { schema: 1, parent: id, child: 'child' }),
    create(refs.edge('parent', id), { schema: 1, parent: 'parent', child: id }),
  ];
}

/** Whether the time of this job, or of its tombstone, is over. */
export const isPurgeDue = ({ state, purgeAtMs = Infinity }: Job, nowMs: number): boolean =>
  isTerminal(state) && purgeAtMs <= nowMs;

/** Whether a document that belongs to a job may be deleted: nothing is but by a purge of that job. */
export function mayGo({ documents, nowMs }: Pick<CommitView, 'documents' | 'nowMs'>, jobId: string): boolean {
  const job = documents.get(`jobs/${jobId}`)?.data as Job | undefined;
  return job !== undefined && isPurgeDue(job, nowMs);
}

/** Whose a document is that belongs to a job. */
function jobOf({ path, data }: Doc): readonly string[] {
  if ('jobId' in data) return [data.jobId as string];
  if ('parent' in data) return [data.parent as string, data['child'] as string];
  return path.startsWith('jobs_private/') ? [path.slice('jobs_private/'.length)] : [];
}

function partsLeft(documents: Documents, blobs: Iterable<string>, id: string): string[] {
  return [
    ...documents.all().flatMap((doc) => (jobOf(doc).includes(id) ? [doc.path] : [])),
    ...[...blobs].filter((path) => path.startsWith(`jobs/${id}/`)),
  ];
}

const GONE = { input: null, output: null, error: null, artifacts: [], attempts: [], metadata: {}, webhook: null };

/** I19 of a commit that makes a job a tombstone, or deletes that: in its time, and last of all that belongs to it. */
export function tombstoneFaults(
  { documents, nowMs, blobs }: Pick<CommitView, 'documents' | 'nowMs' | 'blobs'>,
  was: Job,
  is: Job | null,
): string[] {
  const faults: string[] = [];
  if (!isPurgeDue(was, nowMs)) faults.push(`I19: ${was.id} was purged before its time`);
  const left = partsLeft(documents, blobs.keys(), was.id);
  if (left.length > 0) faults.push(`I19: ${was.id} was purged, and there is still ${left.join(', ')}`);
  if (is === null) return was.tombstone === undefined ? [...faults, `I19: ${was.id} left no tombstone`] : faults;
  const kept = Object.entries(GONE).filter(([field, value]) => JSON.stringify(is[field]) !== JSON.stringify(value));
  if (kept.length > 0)
    faults.push(`I19: the tombstone of ${was.id} still has ${kept.map(([field]) => field).join(', ')}`);
  if (is.tenant !== '' || is.tombstone?.tenant !== was.tenant)
    faults.push(`I19: the tombstone of ${was.id} is not its own`);
  return faults;
}

/** I19 at the end: what was to go has gone, and what was to stay is there whole. */
export function purgeFaults(documents: Documents, blobs: ReadonlyMap<string, number>, seeds: Seeds): string[] {
  const faults = [OLD.purged, OLD.tombstone].flatMap((id) =>
    partsLeft(documents, blobs.keys(), id).map((path) => `I19: ${path} is left of ${id}`),
  );
  if (documents.get(`jobs/${OLD.tombstone}`) !== null) faults.push('I19: a tombstone is kept after its time');
  if ((documents.get(`jobs/${OLD.purged}`)?.data as Job | undefined)?.tombstone === undefined) {
    faults.push('I19: a job has no tombstone after its time');
  }
  const stay = seeds.writes.filter(({ ref }) => ref.path.includes(OLD.kept));
  for (const write of stay) {
    const is = documents.get(write.ref.path)?.data;
    const was = write.kind === 'create' ? write.data : null;
    if (JSON.stringify(is) !== JSON.stringify(was))
      faults.push(`I19: ${write.ref.path} was touched by the purge of another job`);
  }
  if (!blobs.has(blobOf(OLD.kept))) faults.push('I19: a blob of another job was removed');
  return faults;
}
