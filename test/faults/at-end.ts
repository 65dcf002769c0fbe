import type { Job, JobEvent, JobState } from '../../domain/contract/job.ts';
import { costOf } from '../../domain/cost.policy.ts';
import type { SettledRecord } from '../../domain/metrics.ts';
import { isTerminal } from '../../domain/state.ts';
import type { History, Submission } from './client.ts';
import type { Documents } from './documents.ts';
import { isOld, isPurgeDue } from './purging.ts';
import type { Script } from './worker.ts';

/** A whole run, once nothing moves any more. */
export interface EndView {
  readonly documents: Documents;
  readonly history: History;
  /** States that each job may end in, by tag. */
  readonly ends: ReadonlyMap<string, readonly JobState[]>;
  /** Records of each event, by its path; one that was sent twice by a fault counts once. */
  readonly counted: ReadonlyMap<string, ReadonlySet<SettledRecord>>;
  /** Paths of the events that a fault may have kept from being counted. */
  readonly hurt: ReadonlySet<string>;
  /** `slot fence` of each launch that was asked for. */
  readonly launches: readonly string[];
  /** Executions that worked on each attempt, by `job/attempt`. */
  readonly computed: ReadonlyMap<string, ReadonlySet<string>>;
  readonly hardware: string;
  readonly nowMs: number;
}

/** What a run has left undone, lost or doubled (reliability.md §8: I1, I6, I7, I8, I9, I15, I17, I18). */
export function faultsAtEnd(view: EndView): string[] {
  const jobs = view.documents.in('jobs').flatMap(({ data }) => (isOld(data.id) ? [] : [data]));
  return [
    ...notAtRest(view.documents, view.nowMs),
    ...jobs.flatMap((job) => jobFaults(view, job)),
    ...submissionFaults(view, jobs),
    ...launchFaults(view),
    ...view.documents.in('rejections').map(({ data }) => `X: ${data.function} rejected a message: ${data.reason}`),
    ...view.documents
      .in('events')
      .flatMap(({ path, data }) => (isOld(data.jobId) ? [] : countFaults(view, path, data))),
  ];
}

/** I1, I8, I15 and I19: what would still have to move. */
export function notAtRest(documents: Documents, nowMs: number): string[] {
  const left = [
    ...documents.in('jobs').flatMap(({ data }) => (isTerminal(data.state) ? [] : [`I1: ${data.id} is ${data.state}`])),
    ...documents
      .in('slots')
      .flatMap(({ path, data }) =>
        data.state === 'free' ? [] : [`I8: ${path} is ${data.state}, and nobody is there`],
      ),
    ...documents.in('events').flatMap(({ path, data }) => (data.open ? [`I15: ${path} is open`] : [])),
    ...documents
      .in('jobs')
      .flatMap(({ path, data }) => (isPurgeDue(data, nowMs) ? [`I19: ${path} is kept after its time`] : [])),
    ...documents
      .in('deliveries')
      .flatMap(({ path, data }) => (data.state === 'pending' ? [`I15: ${path} is due`] : [])),
  ];
  return left;
}

function jobFaults({ documents, ends, hardware }: EndView, job: Job): string[] {
  const faults: string[] = [];
  const allowed = ends.get(tagOf(job)) ?? [];
  if (isTerminal(job.state) && !allowed.includes(job.state)) {
    faults.push(
      `I1: ${tagOf(job)} ended as ${job.state} (${job.error?.message ?? 'no error'}), not as ${allowed.join(' or ')}`,
    );
  }
  for (let version = 1; version <= job.version; version += 1) {
    if (documents.get(`jobs/${job.id}/events/${version}`) === null)
      faults.push(`I3: ${job.id} has no event ${version}`);
  }
  const won = job.attempts.filter(({ outcome }) => outcome === 'succeeded').length;
  if (won !== (job.state === 'succeeded' ? 1 : 0))
    faults.push(`I5: ${job.id} is ${job.state} with ${won} successful attempts`);
  if (job.failures > job.maxAttempts) faults.push(`I17: ${job.id} failed ${job.failures} times of ${job.maxAttempts}`);
  if (isTerminal(job.state) && JSON.stringify(job.cost) !== JSON.stringify(costOf(job.attempts, hardware))) {
    faults.push(`I18: the cost of ${job.id} is not settled: ${JSON.stringify(job.cost)}`);
  }
  return [...faults, ...inputFaults(documents, job)];
}

/** I9: what a job was run on is what its parents made. */
function inputFaults(documents: Documents, job: Job): string[] {
  if (job.attempt === 0) return [];
  const { from = [] } = job.input as Script;
  return job.inputFrom.flatMap(({ job: parent }, index) => {
    const made = (documents.get(`jobs/${parent}`)?.data as Job | undefined)?.output as { value?: unknown } | undefined;
    return from[index] === made?.value
      ? []
      : [`I9: ${job.id} ran on ${JSON.stringify(from[index])} as what ${parent} made`];
  });
}

const tagOf = (job: Job): string => job.metadata['tag'] ?? '';

/** I1 and I6: what was accepted is there, once for each key; what is there was asked for. */
function submissionFaults({ history, documents }: EndView, jobs: readonly Job[]): string[] {
  const faults: string[] = [];
  const byTag = Map.groupBy(history.submissions, ({ tag }) => tag);
  for (const [tag, submissions] of byTag) {
    const made = jobs.filter((job) => tagOf(job) === tag).length;
    const most = mostJobs(submissions);
    if (made > most) faults.push(`I6: ${made} jobs of ${tag}, where ${most} were asked for at most`);
  }
  for (const job of jobs) {
    if (!byTag.has(tagOf(job))) faults.push(`I6: nobody asked for ${job.id}`);
  }
  for (const { tag, ids, known } of history.submissions) {
    if (known === 'refused' && jobs.some((job) => tagOf(job) === tag) && mostJobs(byTag.get(tag) ?? []) === 0) {
      faults.push(`I6: ${tag} was refused, and is there`);
    }
    for (const id of ids) {
      if (documents.get(`jobs/${id}`) === null) faults.push(`I1: ${id} of ${tag} was accepted, and is not there`);
    }
  }
  for (const { job, known } of history.cancellations) {
    const { state } = documents.get(`jobs/${job}`)?.data as Job;
    if (known === 'ok' && state !== 'canceled') faults.push(`I1: ${job} was canceled for good, and is ${state}`);
  }
  return faults;
}

/** Requests that arrived may each have made a job; those of one key one between them; those that were refused none. */
function mostJobs(submissions: readonly Submission[]): number {
  const open = submissions.filter(({ known }) => known !== 'refused');
  const keys = new Set(open.flatMap(({ key }) => key ?? []));
  return keys.size + open.filter(({ key }) => key === null).reduce((sum, { arrivals }) => sum + arrivals, 0);
}

/** I7: no launch is repeated for its fence, and no attempt is worked on by two executions. */
function launchFaults({ launches, computed }: EndView): string[] {
  const twice = launches.filter((launch, index) => launches.indexOf(launch) !== index);
  return [
    ...twice.map((launch) => `I7: launched again: ${launch}`),
    ...[...computed].flatMap(([attempt, executions]) =>
      executions.size > 1 ? [`I7: attempt ${attempt} was worked on by ${[...executions].join(' and ')}`] : [],
    ),
  ];
}

/** I18: each closed event is counted once; where a fault kept it from being counted not at all, but never twice. */
function countFaults({ documents, counted, hurt }: EndView, path: string, event: JobEvent): string[] {
  const records = [...(counted.get(path) ?? [])];
  const faults: string[] = [];
  if (records.length > 1) faults.push(`I18: ${path} was counted ${records.length} times`);
  if (records.length === 0 && !event.open && !hurt.has(path)) faults.push(`I18: ${path} was closed and never counted`);
  const job = documents.get(`jobs/${event.jobId}`)?.data as Job;
  for (const record of records) {
    if (record.event !== `job.${event.to}` || record.attempt !== event.attempt) {
      faults.push(`I18: ${path} was counted as ${record.event} of attempt ${record.attempt}`);
    }
    const cost = isTerminal(event.to) ? (job.cost?.totalUsd ?? null) : null;
    if (record.costUsd !== cost) faults.push(`I18: ${path} was counted at ${record.costUsd} $, the job cost ${cost} $`);
  }
  return faults;
}
