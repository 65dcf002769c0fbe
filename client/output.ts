import type { JobResource } from '../domain/contract/http.ts';
import { SlipwayError } from './errors.ts';
import type { ClientHost } from './host.ts';
import type { ReadJob } from './watch.ts';

/** An address that has expired is answered like this. */
const EXPIRED: readonly number[] = [400, 401, 403, 410];

/**
 * The output of a job, wherever it is: in the job, or at its `outputUrl`, where the key is not sent to. An address that has
 * expired since the job was read is asked for anew.
 * @throws SlipwayError
 */
export async function outputOf(
  getJob: ReadJob,
  { fetch }: Pick<ClientHost, 'fetch'>,
  job: Pick<JobResource, 'id' | 'output'> & { readonly outputUrl?: string | null },
  options: { readonly signal?: AbortSignal } = {},
): Promise<unknown> {
  // An older Slipway knows no such address.
  if ((job.outputUrl ?? null) === null) return job.output;
  let answer = await fetched(fetch, job.outputUrl ?? '', options);
  if (EXPIRED.includes(answer.status)) {
    const { outputUrl } = await getJob(job.id, options);
    answer = await fetched(fetch, outputUrl ?? '', options);
  }
  const unexpected = (why: string): SlipwayError =>
    new SlipwayError(answer.status, 'unexpected_answer', `The output of job ${job.id} cannot be fetched: ${why}.`);
  if (!answer.ok) throw unexpected(`HTTP ${answer.status}`);
  try {
    return await answer.json();
  } catch (error) {
    options.signal?.throwIfAborted();
    throw unexpected(`it came as no JSON (${(error as Error).name})`);
  }
}

/** Nothing of the address is told: who has it can read what is there. */
async function fetched(
  fetch: ClientHost['fetch'],
  url: string,
  { signal }: { readonly signal?: AbortSignal },
): Promise<Response> {
  try {
    return await fetch(url, { redirect: 'manual', ...(signal === undefined ? {} : { signal }) });
  } catch {
    signal?.throwIfAborted();
    const host = URL.canParse(url) ? new URL(url).host : 'its address';
    throw new SlipwayError(null, 'unreachable', `The output of a job cannot be fetched: ${host} cannot be reached.`);
  }
}
