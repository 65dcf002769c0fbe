import { isHeldSlot } from '../../domain/slot.policy.ts';
import type { SweepDeps } from '../deps.ts';

export async function heldCount(deps: SweepDeps, queue: string): Promise<number> {
  const page = await deps.store.query('slotsOfQueue', { queue }, { limit: 1_000 });
  return page.items.filter((slot) => isHeldSlot(slot.data)).length;
}
