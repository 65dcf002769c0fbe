import { z } from 'zod';

/**
 * The document `rejections/{hash of function, source and id}`: a message that was acknowledged without being acted on, since
 * no retry would make sense of the same bytes. One document however often it came.
 */
export const Rejection = z.looseObject({
  schema: z.literal(1),
  function: z.string(),
  source: z.string(),
  eventId: z.string(),
  type: z.string(),
  reason: z.string(),
  excerpt: z.string().describe('the first KiB of the body, as text'),
  atMs: z.int(),
});
export type Rejection = z.infer<typeof Rejection>;
