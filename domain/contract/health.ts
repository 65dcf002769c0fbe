import { z } from 'zod';

/** The document `system/sweep`: the last sweep that came to its end. When that was is the store's own time of the document. */
export const SweepRecord = z.looseObject({
  schema: z.literal(1),
  startedAtMs: z.int(),
  failures: z.int().describe('how many of its steps failed; the next sweep makes them again'),
});
export type SweepRecord = z.infer<typeof SweepRecord>;

export const HealthStatus = z.enum(['ok', 'degraded', 'down']);
export type HealthStatus = z.infer<typeof HealthStatus>;

export const HealthCheck = z.object({
  name: z.enum(['store', 'bus', 'blobs', 'secrets']),
  status: z.enum(['ok', 'down', 'unknown']).describe('`unknown`: there was no occasion yet to find out'),
  latencyMs: z.number().nullable().describe('how long it took to answer; null where it did not'),
  detail: z.string().optional(),
});
export type HealthCheck = z.infer<typeof HealthCheck>;

export const SweepStatus = z.enum(['ok', 'incomplete', 'late', 'never', 'unknown']);
export type SweepStatus = z.infer<typeof SweepStatus>;

/** `GET /v1/health`: `status` and `version` for everybody, the rest for a key of scope `read`. */
export const HealthResource = z
  .object({
    status: HealthStatus.describe(
      '`degraded`: it works, but something is missing; `down`: the store cannot be reached',
    ),
    version: z.string(),
    commit: z.string().nullable().optional().describe('of the source; null where the build did not know it'),
    checks: z.array(HealthCheck).optional(),
    sweep: z
      .object({
        status: SweepStatus.describe(
          '`incomplete`: some of its steps failed; `late`: none has ended for three minutes; `unknown`: the store does not tell',
        ),
        lastRunAt: z.iso.datetime().nullable(),
        ageSeconds: z.number().nullable(),
      })
      .optional(),
  })
  .meta({ id: 'Health' });
export type HealthResource = z.infer<typeof HealthResource>;
