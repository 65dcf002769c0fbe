import { z } from 'zod';

/** What a key may be used for: to submit and cancel jobs, to read them, to make tenants and keys. */
export const Scope = z.enum(['submit', 'read', 'admin']);
export type Scope = z.infer<typeof Scope>;

export const TenantId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'lower-case letters, digits and hyphens, 40 at most');

/** How many jobs of a tenant may run at once, and how many may wait; null where there is no bound. */
export const TenantLimits = z.object({
  running: z.int().min(1).max(1_000).nullable(),
  queued: z.int().min(1).max(10_000).nullable(),
});
export type TenantLimits = z.infer<typeof TenantLimits>;

export const NO_LIMITS: TenantLimits = { running: null, queued: null };

/**
 * The document `tenants/{id}`. `accounts` are the addresses of Google accounts whose ID tokens are taken in the place of a key.
 * `eventsTopic` is whether the ends of its jobs are published to a topic of its own.
 * `keyChanges` only makes each change of its keys a change of it, so that two at once cannot both count the keys before.
 */
export const Tenant = z.looseObject({
  schema: z.literal(1),
  id: TenantId,
  title: z.string(),
  accounts: z.array(z.string()),
  limits: TenantLimits.optional(),
  eventsTopic: z.boolean().optional(),
  keyChanges: z.int(),
  createdAtMs: z.int(),
});
export type Tenant = z.infer<typeof Tenant>;

/**
 * The document `tenant_slots/{tenant}~{index}`: a place, the right of a tenant to have this one job running. It is there exactly
 * as long as the job has it: made in the commit of the claim, deleted in the one in which the job's holder goes.
 */
export const TenantPlace = z.looseObject({
  schema: z.literal(1),
  tenant: z.string(),
  index: z.int(),
  job: z.string(),
});
export type TenantPlace = z.infer<typeof TenantPlace>;

/**
 * The document `keys/{sha256 of the key, hex}`: the key itself is stored nowhere. Optional is what the keys of the first
 * builds, and those that a person chooses for one machine, do not have: those may do everything, and have no end.
 */
export const Key = z.looseObject({
  schema: z.literal(1),
  tenant: z.string(),
  id: z.string().optional(),
  name: z.string().optional(),
  scopes: z.array(Scope).optional(),
  createdAtMs: z.int(),
  endsAtMs: z.int().optional(),
});
export type Key = z.infer<typeof Key>;

/** A key that the admin interface has made. */
export const MadeKey = Key.required({ id: true, name: true, scopes: true });
export type MadeKey = z.infer<typeof MadeKey>;
