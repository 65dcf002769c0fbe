import { MAX_RETENTION_MS } from '../../domain/retention.policy.ts';
import { DEFAULT_SETTINGS } from '../../domain/settings.ts';
import { DAY } from '../../domain/time.ts';

/** For the run before a job's end, from which its retention counts, and for a job that another still waits for after it. */
const BEYOND_RETENTION_DAYS = 35;
/** For the uploads that began while a file was still there, and sweep's own removal, which comes first. */
const BEYOND_FILE_DAYS = 1;

const daysOf = (ms: number): number => Math.ceil(ms / DAY);

/** The ages at which the bucket itself deletes what stands in no document; Terraform makes its lifecycle rules of them. */
export function bucketRetention(): object {
  const { fileRetentionMs } = DEFAULT_SETTINGS;
  return {
    files: {
      prefix: 'files/',
      days: daysOf(fileRetentionMs) + BEYOND_FILE_DAYS,
      why: `A file is kept for ${daysOf(fileRetentionMs)} days, and what was uploaded later still is in no document.`,
    },
    objects: {
      days: daysOf(MAX_RETENTION_MS) + BEYOND_RETENTION_DAYS,
      why: `A job is kept for ${daysOf(MAX_RETENTION_MS)} days after its end at most, and what its failed attempts left is in no list of it.`,
    },
  };
}
