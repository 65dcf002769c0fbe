import { z } from 'zod';
import { JobError, JobId, JobState } from './job.ts';

/** The part of `/v1` that tells how a job goes on: its log, its events, and both in plain sentences. */
export const ListLogsQuery = z.strictObject({
  attempt: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('whose lines; the last one without it, or the one of the cursor'),
  phase: z
    .enum(['setup', 'run'])
    .optional()
    .describe(
      '`run`, unless given: what the model said while it had the job. `setup`: what the model servers of its worker said while they started',
    ),
  limit: z.coerce.number().int().min(1).max(1_000).default(100).describe('lines; long ones come fewer at a time'),
  cursor: z.string().max(100).optional(),
});

export const LogPage = z
  .object({
    attempt: z.int().describe('whose lines these are; 1 where none has begun'),
    phase: z.enum(['setup', 'run']).describe('which part of its log these are'),
    items: z.array(
      z.object({
        attempt: z.int(),
        seq: z.int().describe('the number of the chunk that the worker sent this line in, from 0'),
        line: z.int().describe('its place in the chunk, from 0: with attempt and seq it names this line for ever'),
        stream: z.enum(['stdout', 'stderr']),
        text: z.string(),
        at: z.iso.datetime(),
      }),
    ),
    next: z
      .string()
      .nullable()
      .describe(
        'the cursor of what follows, also of lines still to come; null once there is nothing more and will not be',
      ),
    complete: z.boolean().describe('whether the attempt is over, so that it will say nothing more'),
  })
  .meta({ id: 'LogPage' });
export type LogPage = z.infer<typeof LogPage>;

/** What a webhook tells in its `data`, and when and why. */
export const JobEventResource = z.object({
  id: JobId,
  model: z.string(),
  state: JobState.describe('the state that the job came into'),
  version: z.int().describe('rises by one with each event of the job'),
  attempt: z.int(),
  error: JobError.nullable(),
  metadata: z.record(z.string(), z.string()),
  url: z.string(),
  reason: z.string().nullable(),
  at: z.iso.datetime(),
});
export type JobEventResource = z.infer<typeof JobEventResource>;

export const JobEventList = z
  .object({
    items: z.array(JobEventResource).describe('oldest first, 100 at most'),
    next: z
      .int()
      .nullable()
      .describe('the `Last-Event-ID` to ask for more with; null where these are all that there are so far'),
  })
  .meta({ id: 'JobEventList' });

export const Explanation = z
  .object({
    sentences: z
      .array(z.string())
      .describe('how the job came to be where it is, in order; plain text; of the last 100 changes of state'),
    timeline: z.array(
      z.object({
        at: z.iso.datetime(),
        state: JobState,
        reason: z.string().nullable(),
        seconds: z.number().nullable().describe('in this state, so far where it is the present one; null for an end'),
      }),
    ),
  })
  .meta({ id: 'Explanation' });
export type Explanation = z.infer<typeof Explanation>;
