import { z } from 'zod';
import { JobResource } from './http.ts';

const Basis = z.enum(['history', 'model']);
const Spread = z
  .object({ median: z.number(), p90: z.number().describe('nine of ten stayed below, or at it') })
  .nullable();

/** What would become of a job if it were submitted now. Nothing of it is stored. */
export const JobPlanResource = z
  .object({
    model: z.string(),
    pool: z.string(),
    queues: z.array(z.string()).describe('those that may take it, in order; the first is its home'),
    blocked: JobResource.shape.blocked.describe('what it would wait for before it is queued'),
    backlog: z.int().describe('jobs of yours that are queued in its pool now; counted to 10 000'),
    expected: z.object({
      basis: z
        .object({ wait: Basis, boot: Basis, run: Basis, cost: Basis })
        .describe('`history`: reckoned with the medians of `history`; `model`: with what the model declares of itself'),
      waitSeconds: z
        .number()
        .describe(
          'from queued to started, behind all that are queued now; rounded up to 1, 2 or 5 times a power of ten',
        ),
      bootSeconds: z
        .number()
        .describe(
          'the boot of its worker, where it would be the first job of that worker, and so billed with it; else 0',
        ),
      runSeconds: z.number(),
      costUsd: z.number().nullable().describe('of boot and run; null where the price of the hardware is not known'),
      price: z.object({ hardware: z.string(), date: z.string(), verified: z.boolean() }).nullable(),
    }),
    history: z
      .object({
        jobs: z.int().describe('how many it is; of fewer than three nothing is concluded'),
        from: z.iso.datetime().nullable().describe('the end of the first of them'),
        to: z.iso.datetime().nullable(),
        runSeconds: Spread.describe('of the attempt that succeeded'),
        bootSeconds: Spread.describe('of workers that were started for them'),
        loadSeconds: Spread.describe('the part of the boot in which the model loaded'),
        costUsd: Spread.describe('what a job cost with all its attempts, boots and idling'),
      })
      .describe('your own last succeeded jobs of this model, 20 at most; a figure is null where too few have it'),
  })
  .meta({ id: 'JobPlan' });
export type JobPlanResource = z.infer<typeof JobPlanResource>;
