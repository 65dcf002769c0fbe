import { NO_LIMITS, type TenantLimits } from '../../domain/contract/tenant.ts';
import { RequestError } from '../../domain/errors.ts';
import { refs, type Store } from '../../domain/ports.ts';
import { MINUTE } from '../../domain/time.ts';
import type { Deps } from '../deps.ts';
import { roomOf } from '../steps/places.ts';

/** How long an instance goes by what it has read of a tenant, so that a submission reads its tenant once a minute at most. */
const TERMS_CACHE_MS = MINUTE;
const TENANTS_CACHED = 1_000;

/** What of a tenant counts for a new job. */
interface Terms {
  readonly limits: TenantLimits;
  readonly eventsTopic: boolean;
}

type Known = Map<string, { readonly terms: Terms; readonly untilMs: number }>;
const caches = new WeakMap<Store, Known>();

async function termsOf({ store, clock }: Pick<Deps, 'store' | 'clock'>, tenant: string): Promise<Terms> {
  const known = caches.get(store) ?? (new Map() as Known);
  caches.set(store, known);
  const nowMs = clock.nowMs();
  const cached = known.get(tenant);
  if (cached !== undefined && nowMs < cached.untilMs) return cached.terms;
  known.delete(tenant);
  const { limits = NO_LIMITS, eventsTopic = false } = (await store.get(refs.tenant(tenant)))?.data ?? {};
  const terms = { limits, eventsTopic };
  const oldest = known.keys().next();
  if (known.size >= TENANTS_CACHED && oldest.done !== true) known.delete(oldest.value);
  known.set(tenant, { terms, untilMs: nowMs + TERMS_CACHE_MS });
  return terms;
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
