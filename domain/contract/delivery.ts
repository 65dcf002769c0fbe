import { z } from 'zod';

/** One try at a delivery: `status` is null where no HTTP answer came, and `failure` then says why. */
export const DeliveryAttempt = z.object({
  atMs: z.int(),
  status: z.int().nullable(),
  latencyMs: z.int(),
  failure: z.string().nullable(),
  excerpt: z.string(),
});
export type DeliveryAttempt = z.infer<typeof DeliveryAttempt>;

/**
 * The document `deliveries/{jobId}~{seq}~{endpoint}`: one event owed to one endpoint. `body` is frozen from the event document;
 * `nextAtMs` is NEVER_MS once nothing more is owed. `claims` rises by one as each try is claimed, before it is sent.
 */
export const Delivery = z.looseObject({
  schema: z.literal(1),
  id: z.string(),
  tenant: z.string(),
  jobId: z.string(),
  seq: z.int(),
  endpoint: z.string(),
  url: z.string(),
  type: z.string(),
  body: z.string(),
  state: z.enum(['pending', 'delivered', 'exhausted', 'disabled']),
  claims: z.int(),
  attempts: z.array(DeliveryAttempt),
  nextAtMs: z.int(),
  createdAtMs: z.int(),
});
export type Delivery = z.infer<typeof Delivery>;
