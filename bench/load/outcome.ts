import { createClient } from '../../client/index.ts';
import type { JobResource } from '../../domain/contract/http.ts';
import { isTerminal } from '../../domain/state.ts';
import type { Submission } from './arrivals.ts';

const AT_ONCE = 32;

/**
 * Reads each accepted job once it has ended, held by the interface until then.
 * @param untilMs after which jobs are read as they are (Date.now)
 * @returns by id; null for one that could not be read
 */
export async function readOutcomes(
  url: string,
  submissions: readonly Submission[],
  untilMs: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, JobResource | null>> {
  const jobs = new Map<string, JobResource | null>();
  const left = submissions.values();
  const reader = async (): Promise<void> => {
    for (const { id, tenant } of left) {
      if (id === null || signal.aborted) continue;
      const client = createClient({ url, key: tenant.key });
      const read = async (): Promise<JobResource> => {
        const seconds = Math.floor((untilMs - Date.now()) / 1_000);
        return client.getJob(id, seconds < 1 ? { signal } : { waitSeconds: Math.min(50, seconds), signal });
      };
      try {
        let job = await read();
        while (!isTerminal(job.state) && Date.now() < untilMs - 1_000) job = await read();
        jobs.set(id, job);
      } catch {
        jobs.set(id, null);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, reader));
  return jobs;
}
