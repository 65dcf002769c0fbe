import { ListJobsQuery } from '../../domain/contract/http.ts';
import type { Job } from '../../domain/contract/job.ts';
import { RequestError } from '../../domain/errors.ts';
import type { Cursor, Page } from '../../domain/ports.ts';
import type { ApiDeps, Deps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import { parseQuery } from '../http/parse.ts';
import { cancelJob } from '../steps/cancel.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { ownJob } from './own-job.ts';
import { jobResource, jobSummary } from './resource.ts';
import type { Call } from './route.ts';
import { waitForEnd, waitSecondsOf } from './wait.ts';

/** `GET /v1/jobs/{id}`, held open by `Prefer: wait=N` until the job has ended. @throws RequestError not_found */
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

/** `GET /v1/jobs`: the tenant's jobs, newest first. @throws RequestError invalid_request */
export async function listJobs(deps: ApiDeps, call: Call): Promise<Answer> {
  const query = parseQuery(ListJobsQuery, call.query);
  const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, 'jobs');
  const page = await pageOf(deps, call.tenant, query, after);
  return {
    status: 200,
    body: {
      items: page.items.map((item) => jobSummary(item.data)),
      next: page.next === null ? null : encodeCursor(page.next),
    },
  };
}

function pageOf(
  { store }: Pick<Deps, 'store'>,
  tenant: string,
  { model, state, limit }: ListJobsQuery,
  after: Cursor | undefined,
): Promise<Page<Job>> {
  const options = { limit, ...(after === undefined ? {} : { after }) };
  if (model !== undefined && state !== undefined) {
    return store.query('jobsByTenantModelState', { tenant, model, state }, options);
  }
  if (model !== undefined) return store.query('jobsByTenantModel', { tenant, model }, options);
  if (state !== undefined) return store.query('jobsByTenantState', { tenant, state }, options);
  return store.query('jobsByTenant', { tenant }, options);
}

/** `POST /v1/jobs/{id}/cancel`; may be repeated. @throws RequestError not_found, job_already_ended */
export async function postCancel(deps: ApiDeps, call: Call): Promise<Answer> {
  const { id } = (await ownJob(deps, call)).data;
  const outcome = await cancelJob(deps, id);
  const { data } = await ownJob(deps, call);
  if (outcome === 'already_ended') {
    throw new RequestError('job_already_ended', `Job ${id} has ended as ${data.state}; nothing is left to cancel.`);
  }
  return { status: 200, body: await jobResource(deps, data) };
}
