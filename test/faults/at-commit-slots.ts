import type { Job } from '../../domain/contract/job.ts';
import type { Slot } from '../../domain/contract/slot.ts';
import type { CommitView } from './commit-view.ts';
import { isOf, type Change, type Documents } from './documents.ts';

const works = (slot: Slot): boolean => slot.state === 'ready' || slot.state === 'draining';

/** What a commit breaks of what holds for slots at every instant: I4 (fences and sessions) and I8 (the cap). */
export function slotFaults(view: CommitView): string[] {
  const changes = view.changes.filter((change) => isOf(change, 'slots'));
  const touched = view.changes.some((change) => isOf(change, 'slots') || isOf(change, 'jobs'));
  return [
    ...changes.flatMap((change) => changeFaults(view, change)),
    ...(changes.length > 0 ? capFaults(view) : []),
    ...(touched ? agreementFaults(view.documents) : []),
  ];
}

function changeFaults(view: CommitView, { path, before, after }: Change<'slots'>): string[] {
  if (after === null) return [`I4: ${path} was deleted`];
  const is = after.data;
  const was = before?.data ?? null;
  const faults: string[] = [];
  if (is.state === 'reserved' && was?.state !== 'reserved' && is.fence <= (was?.fence ?? 0)) {
    faults.push(`I4: ${path} was handed out without a new fence`);
  }
  if (was === null || before === null) return faults;
  if (is.fence < was.fence) faults.push(`I4: the fence of ${path} fell from ${was.fence} to ${is.fence}`);
  if (!works(was)) return faults;
  const isSame = works(is) && is.fence === was.fence;
  if (isSame && (is.execution !== was.execution || is.sessionHash !== was.sessionHash)) {
    faults.push(`I4: the session of ${path} went from ${was.execution} to ${is.execution} at the same fence`);
  }
  const isOwn = view.by?.session?.slot === path.slice('slots/'.length) && view.by.session.fence === was.fence;
  if (view.by?.session != null && !isOwn) {
    faults.push(`I4: the session of ${view.by.session.slot}/${view.by.session.fence} wrote to ${path}/${was.fence}`);
  }
  const isGood = view.nowMs - before.writtenAtMs <= view.leaseMs && view.lives(was.execution ?? '');
  if (!isSame && !isOwn && isGood) faults.push(`I4: ${path} was taken from ${was.execution}, which lives and renews`);
  return faults;
}

function capFaults({ documents, maxOf }: CommitView): string[] {
  const taken = new Map<string, number>();
  for (const { data } of documents.in('slots')) {
    if (data.state !== 'free') taken.set(data.queue, (taken.get(data.queue) ?? 0) + 1);
  }
  return [...taken].flatMap(([queue, count]) =>
    count <= maxOf(queue) ? [] : [`I8: ${count} slots of ${queue} are not free, of ${maxOf(queue)}`],
  );
}

/** A held job is listed by the slot of its holder, and a job that a working slot lists is held by it. */
function agreementFaults(documents: Documents): string[] {
  const faults: string[] = [];
  for (const { data } of documents.in('jobs')) {
    const { holder } = data;
    if (holder === null) continue;
    const slot = documents.get(`slots/${holder.slot}`)?.data as Slot | undefined;
    const knows = slot?.fence === holder.fence && slot.jobs.includes(data.id);
    if (slot === undefined || !knows || !(works(slot) || slot.state === 'recovering')) {
      faults.push(`I4: ${data.id} is held by ${holder.slot}/${holder.fence}, which does not have it`);
    }
  }
  for (const { path, data } of documents.in('slots')) {
    if (!works(data)) continue;
    for (const id of data.jobs) {
      const holder = (documents.get(`jobs/${id}`)?.data as Job | undefined)?.holder ?? null;
      if (holder === null || `slots/${holder.slot}` !== path || holder.fence !== data.fence) {
        faults.push(`I4: ${path} lists ${id}, which it does not hold`);
      }
    }
  }
  return faults;
}
