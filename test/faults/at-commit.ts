import type { Holder, Job } from '../../domain/contract/job.ts';
import { canMove, isHeld, isTerminal, type FirstState } from '../../domain/state.ts';
import { isOf, type Change } from './documents.ts';
import { placeFaults } from './at-commit-places.ts';
import { slotFaults } from './at-commit-slots.ts';
import type { CommitView } from './commit-view.ts';
import { mayGo, tombstoneFaults } from './purging.ts';

/** What stays of a job from the moment it has ended. Its cost is settled after that. */
const RESULT = ['state', 'version', 'output', 'error', 'artifacts', 'attempts', 'attempt', 'finishedAtMs'] as const;

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const inWords = (holder: Holder): string => `${holder.slot}/${holder.fence}/${holder.attempt}`;

/**
 * What a commit breaks of the invariants that hold at every instant (reliability.md §8: I2, I3, I4, I5, I8, I9, I11; of I15
 * and I18 what an event shows; I19, that a job is purged in its time and its document last).
 */
export function faultsAtCommit(view: CommitView): string[] {
  const faults = [...slotFaults(view), ...placeFaults(view)];
  for (const change of view.changes) {
    if (isOf(change, 'jobs')) faults.push(...jobFaults(view, change));
    if (isOf(change, 'events')) faults.push(...eventFaults(view, change));
    if (isOf(change, 'logs')) faults.push(...logFaults(view, change));
    if (isOf(change, 'deliveries')) faults.push(...deliveryFaults(view, change));
  }
  return faults;
}

function jobFaults(view: CommitView, { path, before, after }: Change<'jobs'>): string[] {
  const was = before?.data ?? null;
  const is = after?.data ?? null;
  if (was !== null && (is === null || (is.tombstone !== undefined && was.tombstone === undefined))) {
    return tombstoneFaults(view, was, is);
  }
  if (is === null) return [`I2: ${path} was deleted`];
  if (was !== null && isTerminal(was.state)) {
    const changed = RESULT.filter((field) => !same(was[field], is[field]));
    return changed.length === 0 ? [] : [`I2: ${path} had ended, and its ${changed.join(', ')} changed`];
  }
  const faults = [...holderFaults(view, path, was, is), ...attemptFaults(path, is)];
  if (was !== null && was.version === is.version) {
    if (was.state !== is.state) faults.push(`I3: ${path} went to ${is.state} without a new version`);
    return faults;
  }
  return [...faults, ...moveFaults(view, path, was, is)];
}

const FIRST: readonly FirstState[] = ['blocked', 'queued'];

function moveFaults({ documents, changes }: CommitView, path: string, was: Job | null, is: Job): string[] {
  const faults: string[] = [];
  const isAllowed = was === null ? (FIRST as readonly string[]).includes(is.state) : canMove(was.state, is.state);
  if (!isAllowed) faults.push(`I3: ${path} went from ${was?.state ?? 'nothing'} to ${is.state}`);
  if (is.version !== (was?.version ?? 0) + 1) {
    faults.push(`I3: ${path} went from version ${was?.version ?? 0} to ${is.version}`);
  }
  const event = changes.find((change) => change.path === `${path}/events/${is.version}`);
  if (event?.before !== null || event.after === null) {
    faults.push(`I3: version ${is.version} of ${path} has no event in its commit`);
  }
  if (is.state === 'succeeded') faults.push(...resultFaults(path, was, is));
  if (is.state === 'queued' || is.state === 'running') {
    for (const parent of is.dependsOn) {
      const state = (documents.get(`jobs/${parent}`)?.data as Job | undefined)?.state ?? 'not there';
      if (state !== 'succeeded') faults.push(`I9: ${path} is ${is.state} while its parent ${parent} is ${state}`);
    }
  }
  return faults;
}

/** The result names who made it: that must be who held the job, and its files must lie where that attempt puts them. */
function resultFaults(path: string, was: Job | null, is: Job): string[] {
  const by = (is.output as { by?: string } | null)?.by ?? 'nobody';
  const holder = was?.holder ?? null;
  const faults = [];
  if (holder === null || by !== inWords(holder)) {
    faults.push(
      `I5: the result of ${by} was accepted for ${path}, held by ${holder === null ? 'nobody' : inWords(holder)}`,
    );
  }
  for (const artifact of is.artifacts) {
    if (!artifact.path.startsWith(`${path}/${holder?.attempt}/`)) {
      faults.push(`I5: ${path} lists ${artifact.path}, which its attempt ${holder?.attempt} cannot have made`);
    }
  }
  return faults;
}

/** Whoever writes for a worker must be the holder, before the write or by it; nobody else takes a job from a slot that is its worker's. */
function holderFaults({ documents, by }: CommitView, path: string, was: Job | null, is: Job): string[] {
  const faults: string[] = [];
  if (isHeld(is.state) !== (is.holder !== null))
    faults.push(`I4: ${path} is ${is.state}, and its holder is ${JSON.stringify(is.holder)}`);
  const holder = was?.holder ?? null;
  if (by?.session != null) {
    const wrote = holder ?? is.holder;
    const isOwn = wrote !== null && wrote.slot === by.session.slot && wrote.fence === by.session.fence;
    // A claim also ends jobs at the head of the queue whose start deadline has passed: nobody holds those.
    if (!isOwn && wrote !== null) {
      faults.push(
        `I4: the session of ${by.session.slot}/${by.session.fence} wrote to ${path}, held by ${inWords(wrote)}`,
      );
    }
  } else if (holder !== null && is.holder === null) {
    const slot = documents.get(`slots/${holder.slot}`)?.data as { state: string; fence: number } | undefined;
    if (slot?.fence === holder.fence && slot.state !== 'recovering' && slot.state !== 'free') {
      faults.push(`I4: ${path} was taken from ${inWords(holder)}, whose slot is ${slot.state}`);
    }
  }
  return faults;
}

/** Whoever says that an attempt crashed must have made that attempt: workers name it. */
function attemptFaults(path: string, { attempts }: Job): string[] {
  return attempts.flatMap(({ slot, fence, attempt, error }) => {
    if (error?.kind !== 'crash' || error.message === inWords({ slot, fence, attempt })) return [];
    return [`I4: attempt ${attempt} of ${path} was ended by the crash of ${error.message}`];
  });
}

function eventFaults(view: CommitView, { path, before, after }: Change<'events'>): string[] {
  if (after === null) {
    const mayBe = before?.data.open === false && mayGo(view, before.data.jobId);
    return mayBe ? [] : [`I3: ${path} was deleted`];
  }
  if (before === null) return after.data.open ? [] : [`I3: ${path} was born closed`];
  const faults = [];
  const known = { open: null, releasedTo: null };
  if (!same({ ...before.data, ...known }, { ...after.data, ...known })) faults.push(`I3: ${path} was changed`);
  const [from, to] = [before.data.releasedTo ?? '', after.data.releasedTo ?? ''];
  if (to < from || (to === from && after.data.open)) {
    faults.push(`I15: ${path} went from ${from || 'no dependant'} to ${to || 'none'}, and not on`);
  }
  if (!before.data.open) faults.push(`I18: ${path} was closed, and is written again`);
  return faults;
}

function logFaults(view: CommitView, { path, before, after }: Change<'logs'>): string[] {
  const { documents, by } = view;
  if (after === null && before !== null && mayGo(view, before.data.jobId)) return [];
  if (before !== null || after === null) return [`I5: the log chunk ${path} was written twice`];
  const { jobId, attempt } = after.data;
  const holder = (documents.get(`jobs/${jobId}`)?.data as Job | undefined)?.holder ?? null;
  const isHolders = holder !== null && holder.slot === by?.session?.slot && holder.fence === by.session.fence;
  return isHolders && holder.attempt === attempt ? [] : [`I4: ${path} was written by one that does not hold the job`];
}

/** What never changes of a delivery: what is sent, to whom, under which id. */
const FROZEN = ['id', 'tenant', 'jobId', 'seq', 'endpoint', 'url', 'type', 'body'] as const;

function deliveryFaults(view: CommitView, { path, before, after }: Change<'deliveries'>): string[] {
  if (after === null) {
    const mayBe = before !== null && before.data.state !== 'pending' && mayGo(view, before.data.jobId);
    return mayBe ? [] : [`I11: ${path} was deleted`];
  }
  const is = after.data;
  const faults = [];
  if (is.attempts.length > is.claims) {
    faults.push(`I11: ${path} has ${is.attempts.length} attempts on record, of ${is.claims} that were claimed`);
  }
  if (before === null) return faults;
  const was = before.data;
  const changed = FROZEN.filter((field) => was[field] !== is[field]);
  if (changed.length > 0) faults.push(`I11: ${changed.join(', ')} of ${path} changed`);
  if (is.claims < was.claims || is.claims > was.claims + 1) {
    faults.push(`I11: the claims of ${path} went from ${was.claims} to ${is.claims}`);
  }
  if (was.state !== 'pending' && is.state !== was.state) {
    faults.push(`I11: ${path} was ${was.state} and is ${is.state}`);
  }
  return faults;
}
