import { NO_LIMITS, type TenantLimits } from '../../domain/contract/tenant.ts';
import { RequestError } from '../../domain/errors.ts';
import { refs, type Clock, type Store } from '../../domain/ports.ts';
import { MINUTE } from '../../domain/time.ts';
import type { Deps } from '../deps.ts';
import { roomOf } from '../steps/places.ts';
import { memory, readOnce } from '../steps/remember.ts';

/** How long an instance goes by what it has read of a tenant, so that a submission reads its tenant once a minute at most. */
const TERMS_CACHE_MS = MINUTE;
const TENANTS_CACHED = 1_000;

/** What of a tenant counts for a new job. */
interface Terms {
  readonly limits: TenantLimits;
  readonly eventsTopic: boolean;
}

const readers = new WeakMap<Store, (tenant: string) => Promise<Terms>>();

function termsOf({ store, clock }: Pick<Deps, 'store' | 'clock'>, tenant: string): Promise<Terms> {
  const reader = readers.get(store) ?? termsReader(store, clock);
  readers.set(store, reader);
  return reader(tenant);
}

function termsReader(store: Store, clock: Clock): (tenant: string) => Promise<Terms> {
  const known = memory<Terms>(clock, TENANTS_CACHED);
  return readOnce(async (tenant) => {
    const cached = known.get(tenant);
    if (cached !== undefined) return cached;
    const untilMs = clock.nowMs() + TERMS_CACHE_MS;
    const { limits = NO_LIMITS, eventsTopic = false } = (await store.get(refs.tenant(tenant)))?.data ?? {};
    known.put(tenant, { limits, eventsTopic }, untilMs);
    return { limits, eventsTopic };
  });
}

/** What its tenant means for a new job. */
export interface Standing {
  /** It will need a place of its tenant to run. */
  readonly isLimited: boolean;
  /** None is free, as far as one look tells, so that it is not to stand in a queue yet. */
  readonly isFull: boolean;
  /** Its end is to be published to its tenant's topic. */
  readonly hasEventsTopic: boolean;
}

/**
 * Whether a tenant may have one more job, and where that job would stand. Both bounds are counted and not reserved: jobs that are
 * submitted at the same moment may all be let in by the last of them. What never gives is how many run: that is the claim's.
 * @throws RequestError too_many_jobs
 */
export async function standingOf(deps: Pick<Deps, 'store' | 'clock'>, tenant: string): Promise<Standing> {
  const { limits, eventsTopic: hasEventsTopic } = await termsOf(deps, tenant);
  const { running, queued } = limits;
  if (queued !== null) await checkQueued(deps, tenant, queued);
  if (running === null) return { isLimited: false, isFull: false, hasEventsTopic };
  return { isLimited: true, isFull: (await roomOf(deps, tenant, running)) === 0, hasEventsTopic };
}

async function checkQueued({ store }: Pick<Deps, 'store'>, tenant: string, limit: number): Promise<void> {
  const counts = await Promise.all(
    (['queued', 'blocked'] as const).map((state) => store.count('jobsByTenantState', { tenant, state }, limit)),
  );
  if (counts.reduce((sum, count) => sum + count, 0) < limit) return;
  throw new RequestError(
    'too_many_jobs',
    `${limit} jobs of this tenant wait already, as many as may. Send it again when some of them have started.`,
  );
}
