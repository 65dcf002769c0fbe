import type { CreateJobRequest } from '../../domain/contract/http.ts';
import type { ApiDeps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import { parseStrictJson } from '../http/strict-json.ts';
import { requestHashOf } from '../submit/idempotency.ts';
import { planJob } from '../submit/plan-job.ts';
import { readJobRequest } from '../submit/read-request.ts';
import type { Call } from './route.ts';
import { answerSubmission } from './submit-job.ts';

/**
 * `POST /v1/jobs`: 201 for a new job; 200 with `Idempotent-Replayed: true` where this tenant has sent the same body with the
 * same key before. Once it answers either, the job is stored.
 * @throws RequestError
 */
export async function createJob(deps: ApiDeps, call: Call): Promise<Answer> {
  const body = parseStrictJson(call.body);
  const request: CreateJobRequest = readJobRequest(deps, body);
  return answerSubmission(deps, call, requestHashOf(body), (asked) => planJob(deps, { ...asked, request }));
}
