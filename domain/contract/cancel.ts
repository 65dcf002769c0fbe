import { z } from 'zod';
import { JobResource } from './http.ts';

/** `POST /v1/jobs/{id}/cancel`. */
export const CancelJobRequest = z
  .strictObject({
    dependants: z
      .enum(['fail', 'cancel'])
      .default('fail')
      .describe(
        'what the jobs that wait for this one do once it has ended: fail with `dependency_failed`, or end as canceled too',
      ),
  })
  .meta({ id: 'CancelJobRequest' });
export type CancelJobRequest = z.infer<typeof CancelJobRequest>;

/** A job whose cancellation was asked for, and what came of that. Where it had ended otherwise there is a problem instead. */
export const CanceledJob = JobResource.extend({
  outcome: z
    .enum(['canceled', 'requested'])
    .describe('`canceled`: it has ended. `requested`: its worker has been asked to stop, and it will end as canceled.'),
  dependants: CancelJobRequest.shape.dependants
    .unwrap()
    .describe(
      'what those that still wait for it do. `fail` where `cancel` was asked for: its end is settled, and they have failed',
    ),
}).meta({ id: 'CanceledJob' });
export type CanceledJob = z.infer<typeof CanceledJob>;
