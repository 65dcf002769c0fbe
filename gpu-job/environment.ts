import { delimiter } from 'node:path';
import { z } from 'zod';
import { WorkerEnv } from '../domain/contract/door.ts';

/** What a worker reads from its environment, beside what a launch tells it. */
export const WorkerEnvironment = WorkerEnv.extend({
  SLIPWAY_MODELS: z
    .string()
    .default('')
    .describe(`model folders, '${delimiter}' between them; empty for the one beside this file`),
  SLIPWAY_ALLOW_LOOPBACK: z
    .enum(['', '0', '1'])
    .default('')
    .describe('1 on one machine only: input URLs may point at it'),
  GCE_METADATA_HOST: z.string().optional().describe('in the place of Google’s metadata server'),
});
export type WorkerEnvironment = z.output<typeof WorkerEnvironment>;
