import type { z } from 'zod';
import { CancelJobRequest, type CanceledJob } from '../../domain/contract/http.ts';
import { RequestError } from '../../domain/errors.ts';
import type { ApiDeps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import { parseAs } from '../http/parse.ts';
import { parseStrictJson } from '../http/strict-json.ts';
import { cancelJob } from '../steps/cancel.ts';
import { ownJob } from './own-job.ts';
import { jobResource } from './resource.ts';
import type { Call } from './route.ts';
import { waitForEnd, waitSecondsOf } from './wait.ts';

/** `GET /v1/jobs/{id}`, held open by `Prefer: wait=N` until the job has ended. @throws RequestError not_found, gone */
export async function getJob(deps: ApiDeps, call: Call): Promise<Answer> {
  const waitSeconds = waitSecondsOf(call.headers);
  const read = await ownJob(deps, call);
  const waited = waitSeconds === 0 ? null : await waitForEnd(deps, read.data.id, waitSeconds, call.gone);
  return {
    status: 200,
    headers: waitSeconds === 0 ? {} : { 'preference-applied': `wait=${waitSeconds}` },
    body: await jobResource(deps, waited?.data ?? read.data),
  };
}

/**
 * `POST /v1/jobs/{id}/cancel`; may be repeated. Of its four outcomes, `canceled` and `requested` stand in the answer.
 * @throws RequestError job_already_ended, not_found or gone: the two others
 */
export async function postCancel(deps: ApiDeps, call: Call): Promise<Answer> {
  const { dependants } = optionalBody(CancelJobRequest, call);
  const { id } = (await ownJob(deps, call)).data;
  const came = await cancelJob(deps, id, dependants);
  const { data } = await ownJob(deps, call);
  if (came === 'already_ended') {
    throw new RequestError('job_already_ended', `Job ${id} has ended as ${data.state}; nothing is left to cancel.`);
  }
  // By the state that is shown: its worker may have stopped in between.
  const outcome: CanceledJob['outcome'] = data.state === 'canceled' ? 'canceled' : 'requested';
  return { status: 200, body: { ...(await jobResource(deps, data)), outcome } };
}

/** What a request says whose body may be left out; no body is the empty one. @throws RequestError invalid_json, invalid_input */
export function optionalBody<T extends z.ZodType>(schema: T, { body }: Pick<Call, 'body'>): z.output<T> {
  return parseAs(schema, body.length === 0 ? {} : parseStrictJson(body), 'invalid_input');
}
