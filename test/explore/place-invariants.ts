import type { Job } from '../../domain/contract/job.ts';
import type { Tenant, TenantPlace } from '../../domain/contract/tenant.ts';
import { refs } from '../../domain/ports.ts';
import { isHeld } from '../../domain/state.ts';
import { find, type Change, type Docs } from './documents.ts';
import { Violation, type Actor, type World } from './world.ts';

const dataIn = <T>(docs: Docs, collection: string): T[] =>
  docs.filter((doc) => doc.collection === collection).map((doc) => doc.data as T);

const limitIn = (data: unknown): number => (data as Tenant | undefined)?.limits?.running ?? Infinity;

/** The places that a commit made. */
const placesMade = (changes: readonly Change[]): TenantPlace[] =>
  changes.flatMap(({ before, after }) =>
    before === null && after?.collection === 'tenant_slots' ? [after.data as unknown as TenantPlace] : [],
  );

/** Whether the limit that an actor last read of a tenant is not the one that stands. */
function isLate({ docs }: World, { at }: Actor, tenant: string): boolean {
  const { path } = refs.tenant(tenant);
  let last = { etag: '0', data: undefined as unknown };
  for (let { from } = at; from !== null; from = from.position.from) {
    const read = from.step.answer.value as { path?: string; etag: string; data: unknown } | null | undefined;
    if (read?.path === path && Number(read.etag) > Number(last.etag)) last = read;
  }
  return limitIn(last.data) !== limitIn(find(docs, path)?.data);
}

/** Who of those in `world.late` is held still, and who came to be one of them by this commit. */
export function lateAfter(world: World, writer: Actor, changes: readonly Change[]): readonly string[] {
  const left = changes.flatMap(({ before, after }) =>
    after === null && before?.collection === 'tenant_slots' ? [(before.data as unknown as TenantPlace).job] : [],
  );
  const late = placesMade(changes).filter(({ tenant }) => isLate(world, writer, tenant));
  return [...world.late.filter((job) => !left.includes(job)), ...late.map(({ job }) => job)].sort();
}

/**
 * The cap: a claim leaves no more jobs of its tenant held than the limit that it went by, if that limit still stands; those
 * apart whose own claims went by one that did not stand any more, since they were under way when it was changed. Where no limit is ever
 * changed that is: no tenant has more jobs held than its limit. And a place is there exactly as long as the job that has it is held.
 */
export function checkPlaces(world: World, writer: Actor, changes: readonly Change[], docs: Docs): void {
  const tenants = dataIn<Tenant>(docs, 'tenants');
  if (tenants.length === 0) return;
  const jobs = dataIn<Job>(docs, 'jobs');
  const late = lateAfter(world, writer, changes);
  const made = placesMade(changes).filter(({ job }) => !late.includes(job));
  for (const tenant of tenants) {
    const held = jobs.filter((job) => job.tenant === tenant.id && job.limited === true && isHeld(job.state));
    const limit = limitIn(tenant);
    const counted = held.filter(({ id }) => !late.includes(id)).length;
    if (counted > limit && made.some((place) => place.tenant === tenant.id)) {
      throw new Violation(`${counted} jobs of ${tenant.id} are held, of ${limit}`);
    }
    const placeless = held.find(({ place }) => limit !== Infinity && typeof place !== 'number');
    if (placeless !== undefined) throw new Violation(`${placeless.id} is held without a place of ${tenant.id}`);
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
