import { isHeld } from '../../domain/state.ts';
import type { CommitView } from './commit-view.ts';
import { isOf } from './documents.ts';

/** What a commit breaks of I8 for tenants: the cap, and that a place is there exactly as long as the job that has it is held. */
export function placeFaults({ documents, changes, runningLimit }: CommitView): string[] {
  if (runningLimit === null) return [];
  if (!changes.some((change) => isOf(change, 'jobs') || isOf(change, 'tenant_slots'))) return [];
  const jobs = documents.in('jobs').map(({ data }) => data);
  const held = jobs.filter(({ state }) => isHeld(state));
  const faults = held.length > runningLimit ? [`I8: ${held.length} jobs of acme are held, of ${runningLimit}`] : [];
  const places = documents.in('tenant_slots').map(({ data }) => `${data.tenant}~${data.index} of ${data.job}`);
  const had = held.map(({ id, tenant, place }) => `${tenant}~${place ?? 'none'} of ${id}`);
  const unlike = [...places.filter((one) => !had.includes(one)), ...had.filter((one) => !places.includes(one))];
  faults.push(...unlike.map((one) => `I8: place ${one} is not both kept and had`));
  const kept = jobs.filter(({ state, place }) => !isHeld(state) && typeof place === 'number');
  faults.push(...kept.map(({ id, state }) => `I8: ${id} is ${state} and has a place`));
  return faults;
}
