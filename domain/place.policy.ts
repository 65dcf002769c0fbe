import type { JobEvent } from './contract/job.ts';
import type { TenantLimits } from './contract/tenant.ts';
import { isHeld } from './state.ts';

/**
 * The index of a place that looks free; null where the tenant has as many as it may have. Some of them may lie beyond a limit
 * that was lowered since: those count too, and for each of them one of the free indices below the limit is left out, the last
 * ones. Else two claims at once could take different places where one is left to take, and `create` would let both through.
 * That nobody is claimed beyond the limit by any interleaving of such claims is shown in docs/adr/20261126-tenant-places.md.
 * @param pick uniform in [0, 1), so that claims at the same time try different ones
 */
export function freePlace(taken: readonly number[], limit: number, pick: number): number | null {
  const left = limit - taken.length;
  if (left <= 0) return null;
  const free = Array.from({ length: limit }, (_, index) => index).filter((index) => !taken.includes(index));
  return free[Math.floor(pick * left)] ?? null;
}

/** Whether more jobs may run by these limits than by those before them, so that some that wait may have to be queued. */
export const letsMoreRun = (before: TenantLimits, after: TenantLimits): boolean =>
  before.running !== null && (after.running === null || after.running > before.running);

/** How many more jobs of a tenant may be queued, so that each of those queued finds a place: a total, however often it is asked. */
export const roomFor = (limit: number | null, held: number, queued: number): number =>
  limit === null ? Infinity : Math.max(0, limit - held - queued);

/**
 * Whether an event of a limited job may leave a place free with nobody on the way to it: the job is no longer among those that
 * are queued or held, or has only just begun to wait and may have missed a place that came free meanwhile. One that is queued
 * again is among them still, but a look in between may have counted it as held and as queued.
 */
export function owesLook({ from, to, reason }: Pick<JobEvent, 'from' | 'to' | 'reason'>): boolean {
  if (reason === 'tenant_limit') return true;
  const wasAmongThem = from !== null && (from === 'queued' || isHeld(from));
  return wasAmongThem && !isHeld(to);
}
