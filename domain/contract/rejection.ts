import { z } from 'zod';

const FieldFault = z.object({ field: z.string(), message: z.string() });

/**
 * The document `rejections/{hash of function, source and id}`: a message that was acknowledged without being acted on, since
 * no retry would make sense of the same bytes. One document however often it came. Optional is what only a tenant's requests
 * have (`intake`); `tenant` is null where the topic is no tenant's.
 */
export const Rejection = z.looseObject({
  schema: z.literal(1),
  function: z.string(),
  source: z.string(),
  eventId: z.string(),
  type: z.string(),
  reason: z.string(),
  excerpt: z.string().describe('the first KiB of the body, as text; of a request, nothing that could be a secret'),
  atMs: z.int(),
  tenant: z.string().nullable().optional(),
  code: z.string().optional(),
  errors: z.array(FieldFault).optional(),
  idempotencyKey: z.string().nullable().optional(),
});
export type Rejection = z.infer<typeof Rejection>;

/** A rejected request as its tenant sees it. */
export const RejectionResource = z
  .object({
    id: z.string(),
    message: z.string().describe('the id that Pub/Sub gave the message'),
    code: z.string().describe('as the `code` of a problem'),
    reason: z.string(),
    errors: z.array(FieldFault).describe('each field at fault by JSON pointer, 20 at most'),
    idempotencyKey: z.string().nullable(),
    excerpt: z
      .string()
      .describe(
        'the model and the names of the fields; of what is no JSON the beginning, its letters and digits as `x`',
      ),
    at: z.iso.datetime(),
  })
  .meta({ id: 'Rejection' });
export type RejectionResource = z.infer<typeof RejectionResource>;

export const ListRejectionsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(500).optional(),
});
export type ListRejectionsQuery = z.infer<typeof ListRejectionsQuery>;

export const RejectionList = z
  .object({ items: z.array(RejectionResource), next: z.string().nullable().describe('the cursor of the next page') })
  .meta({ id: 'RejectionList' });
