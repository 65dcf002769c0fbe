import type { z } from 'zod';
import { JobResource, Problem, type CreateJobRequest } from '../../domain/contract/http.ts';
import { DemoFailure } from './failure.ts';

export type Submission = z.input<typeof CreateJobRequest>;

/** What the demo says to Slipway: the public interface over HTTPS, as anybody's program would. */
export interface ApiClient {
  /** @throws DemoFailure with the problem's own words where the job is not accepted */
  submit(request: Submission): Promise<JobResource>;
  /** The job as it is now. */
  read(id: string): Promise<JobResource>;
}

/** @param signal ends whatever is under way */
export function apiClient(at: { readonly url: string; readonly apiKey: string }, signal: AbortSignal): ApiClient {
  const call = async (method: string, path: string, body?: unknown): Promise<JobResource> => {
    const response = await fetch(`${at.url}${path}`, {
      method,
      signal,
      headers: {
        authorization: `Bearer ${at.apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (response.ok) return JobResource.parse(answer);
    const { code, detail } = Problem.parse(answer);
    throw new DemoFailure(`${method} ${path} was refused with ${response.status} ${code}: ${detail}`);
  };
  return {
    submit: (request) => call('POST', '/v1/jobs', request),
    read: (id) => call('GET', `/v1/jobs/${id}`),
  };
}
