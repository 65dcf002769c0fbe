import { z } from 'zod';

export const SlotState = z.enum(['free', 'reserved', 'starting', 'ready', 'draining', 'recovering']);
export type SlotState = z.infer<typeof SlotState>;

/**
 * The document `slots/{queue}~{index}`: the right to be a worker. Its lease is judged by the store's own time of the last
 * write to it, so it carries no time of its own for that. `reservedAtMs` and `readyAtMs` measure the boot, `lastFinishAtMs`
 * the idling; none of them decides anything. `renewals` only makes each renewal a change (a store may skip a write that
 * changes nothing); `bootFailures` counts launches in a row that ran no job, for the back-off of the next: nothing
 * started, nobody got ready, or one who got ready left without having run any.
 */
export const Slot = z.looseObject({
  schema: z.literal(1),
  queue: z.string(),
  index: z.int(),
  state: SlotState,
  fence: z.int(),
  ticketHash: z.string().nullable(),
  sessionHash: z.string().nullable(),
  execution: z.string().nullable(),
  jobs: z.array(z.string()),
  claims: z.int(),
  renewals: z.int(),
  bootFailures: z.int(),
  reservedAtMs: z.int().nullable(),
  readyAtMs: z.int().nullable(),
  loadMs: z.int().nullable(),
  lastFinishAtMs: z.int().nullable(),
  first: z
    .object({ fence: z.int(), tenant: z.string(), job: z.string(), attempt: z.int() })
    .optional()
    .describe('the first attempt of the worker with this fence'),
});
export type Slot = z.infer<typeof Slot>;
