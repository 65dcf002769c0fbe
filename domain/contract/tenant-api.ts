import { z } from 'zod';
import { NO_LIMITS, Scope, TenantId, TenantLimits } from './tenant.ts';

/** The part of `/v1` that a key of scope `admin` has: tenants and their keys. */
export const PutTenantRequest = z
  .strictObject({
    title: z.string().min(1).max(200),
    accounts: z
      .array(z.email().max(254))
      .max(50)
      .default([])
      .describe('Google accounts whose ID tokens are taken in the place of a key of this tenant'),
    limits: z
      .strictObject({
        running: TenantLimits.shape.running
          .default(null)
          .describe('jobs that may run at once; those beyond it wait as blocked(tenant_limit)'),
        queued: TenantLimits.shape.queued.default(null).describe('jobs that may wait; a submission beyond it is 429'),
      })
      .default(NO_LIMITS)
      .describe('null, or left out: no limit'),
    eventsTopic: z
      .boolean()
      .default(false)
      .describe('whether the ends of jobs made from now on are published to the topic `job-events-<tenant>`'),
  })
  .meta({ id: 'PutTenantRequest' });
export type PutTenantRequest = z.infer<typeof PutTenantRequest>;

export const TenantResource = z
  .object({
    id: TenantId,
    title: z.string(),
    accounts: z.array(z.string()),
    limits: TenantLimits,
    eventsTopic: z.boolean(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Tenant' });
export type TenantResource = z.infer<typeof TenantResource>;

export const ListTenantsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(100),
  cursor: z.string().max(500).optional(),
});

export const TenantList = z
  .object({ items: z.array(TenantResource), next: z.string().nullable().describe('the cursor of the next page') })
  .meta({ id: 'TenantList' });

export const CreateKeyRequest = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'lower-case letters, digits and hyphens, 40 at most')
      .describe('what the key is for; two of one name may live at a time, so that one can take over from the other'),
    scopes: z.array(Scope).min(1).default(['submit', 'read']),
    endsInSeconds: z.int().min(60).max(315_360_000).optional().describe('without it the key has no end'),
  })
  .meta({ id: 'CreateKeyRequest' });
export type CreateKeyRequest = z.infer<typeof CreateKeyRequest>;

export const KeyResource = z
  .object({
    id: z.string().describe('stands in the key itself, so that you know which one it is'),
    tenant: z.string(),
    name: z.string(),
    scopes: z.array(Scope),
    createdAt: z.iso.datetime(),
    endsAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Key' });
export type KeyResource = z.infer<typeof KeyResource>;

export const NewKeyResource = KeyResource.extend({ key: z.string().describe('the key; never shown again') }).meta({
  id: 'NewKey',
});
export type NewKeyResource = z.infer<typeof NewKeyResource>;

export const KeyList = z.object({ items: z.array(KeyResource) }).meta({ id: 'KeyList' });
