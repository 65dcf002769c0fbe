import type { Job } from '../../domain/contract/job.ts';
import type { Tenant, TenantPlace } from '../../domain/contract/tenant.ts';
import { isHeld } from '../../domain/state.ts';
import type { Docs } from './documents.ts';
import { Violation } from './world.ts';

const dataIn = <T>(docs: Docs, collection: string): T[] =>
  docs.filter((doc) => doc.collection === collection).map((doc) => doc.data as T);

/** No tenant has more jobs held than its limit, and a place is there exactly as long as the job that has it is held. */
export function checkPlaces(docs: Docs): void {
  const tenants = dataIn<Tenant>(docs, 'tenants');
  if (tenants.length === 0) return;
  const jobs = dataIn<Job>(docs, 'jobs');
  for (const { id, limits } of tenants) {
    const held = jobs.filter(({ tenant, state, limited }) => tenant === id && limited === true && isHeld(state));
    const limit = limits?.running ?? Infinity;
    if (held.length > limit) throw new Violation(`${held.length} jobs of ${id} are held, of ${limit}`);
    const placeless = held.find(({ place }) => limit !== Infinity && typeof place !== 'number');
    if (placeless !== undefined) throw new Violation(`${placeless.id} is held without a place of ${id}`);
  }
  const places = dataIn<TenantPlace>(docs, 'tenant_slots');
  const having = jobs.filter(({ place }) => typeof place === 'number');
  for (const { tenant, index, job } of places) {
    const has = having.find(({ id }) => id === job);
    if (has?.place !== index || has.tenant !== tenant || !isHeld(has.state)) {
      throw new Violation(`place ${index} of ${tenant} is kept for ${job}, which is ${has?.state ?? 'without it'}`);
    }
  }
  if (having.length !== places.length) {
    throw new Violation(`${having.length} jobs have a place, and there are ${places.length} places`);
  }
}
