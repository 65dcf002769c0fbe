import { ListJobsQuery } from '../../domain/contract/http.ts';
import type { Job } from '../../domain/contract/job.ts';
import { RequestError } from '../../domain/errors.ts';
import type { Cursor, Page } from '../../domain/ports.ts';
import type { ApiDeps, Deps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import { parseQuery } from '../http/parse.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { jobSummary } from './resource.ts';
import type { Call } from './route.ts';

/** Below every id that a job can have, so that this place in a list lies before all jobs of its instant. */
const BEFORE_ALL_IDS = 'jobs/0';

/**
 * `GET /v1/jobs`: the tenant's jobs, newest first. Lists are in the order of `createdAtMs`, so that times need no index of their
 * own: `createdBefore` is a place to begin at, and `createdAfter` one to stop at.
 * @throws RequestError invalid_request, also for filters that no index answers together
 */
export async function listJobs(deps: ApiDeps, call: Call): Promise<Answer> {
  const query = parseQuery(ListJobsQuery, call.query);
  checkCombination(query);
  const page = await pageOf(deps, call.tenant, query, startOf(query));
  const fromMs = query.createdAfter === undefined ? -Infinity : Date.parse(query.createdAfter);
  const items = page.items.filter(({ data }) => data.createdAtMs >= fromMs);
  return {
    status: 200,
    body: {
      items: items.map(({ data }) => jobSummary(deps, data)),
      next: page.next === null || items.length < page.items.length ? null : encodeCursor(page.next),
    },
  };
}

/** @throws RequestError invalid_request */
function checkCombination({ model, pool, label }: ListJobsQuery): void {
  const given = Object.entries({ model, pool, label }).filter(([, value]) => value !== undefined);
  const [first, ...more] = given.map(([name]) => name);
  if (more.length === 0) return;
  throw new RequestError(
    'invalid_request',
    'A list can be filtered by one of model, pool and label; state, createdAfter and createdBefore go with each of them.',
    more.map((field) => ({ field, message: `cannot be combined with ${first}` })),
  );
}

/** The later in the list of its cursor and its `createdBefore`. @throws RequestError invalid_request */
function startOf({ cursor, createdBefore }: ListJobsQuery): Cursor | undefined {
  const after = cursor === undefined ? undefined : decodeCursor(cursor, 'jobs');
  if (createdBefore === undefined) return after;
  const beforeMs = Date.parse(createdBefore);
  return after !== undefined && Number(after[0]) < beforeMs ? after : [beforeMs, BEFORE_ALL_IDS];
}

/** By the one shape that has exactly these filters. */
function pageOf(
  { store }: Pick<Deps, 'store'>,
  tenant: string,
  { state, model, pool, label, limit }: ListJobsQuery,
  after: Cursor | undefined,
): Promise<Page<Job>> {
  const options = { limit, ...(after === undefined ? {} : { after }) };
  if (model !== undefined) {
    return state === undefined
      ? store.query('jobsByTenantModel', { tenant, model }, options)
      : store.query('jobsByTenantModelState', { tenant, model, state }, options);
  }
  if (pool !== undefined) {
    return state === undefined
      ? store.query('jobsByTenantPool', { tenant, pool }, options)
      : store.query('jobsByTenantPoolState', { tenant, pool, state }, options);
  }
  if (label !== undefined) {
    return state === undefined
      ? store.query('jobsByTenantLabel', { tenant, labels: label }, options)
      : store.query('jobsByTenantLabelState', { tenant, state, labels: label }, options);
  }
  return state === undefined
    ? store.query('jobsByTenant', { tenant }, options)
    : store.query('jobsByTenantState', { tenant, state }, options);
}
