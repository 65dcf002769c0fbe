import { expect } from '@jest/globals';
import { JobList, JobResource, Problem } from '../../domain/contract/http.ts';
import { follow, shownAs, type Model, type ModelJob } from './model.ts';
import { TENANTS, type Reply, type TenantName, type World } from './world.ts';

/** Of a job that is nobody's. */
export const NO_JOB = '0'.repeat(26);

export function expectProblem(reply: Reply, code: string): void {
  expect(Problem.parse(reply.body).code).toBe(code);
}

const shown = (job: JobResource): string => (job.blocked === null ? job.state : `${job.state} ${job.blocked.reason}`);

/** What one tenant is told of a job: all of it where it is its own, else what it is told of one that is not there. */
export async function expectVisible(world: World, tenant: TenantName, job: ModelJob): Promise<void> {
  const reply = await world.call(tenant, 'GET', `/v1/jobs/${job.id}`);
  if (tenant !== job.tenant) {
    const none = await world.call(tenant, 'GET', `/v1/jobs/${NO_JOB}`);
    expect(JSON.stringify(reply).replaceAll(job.id, NO_JOB)).toBe(JSON.stringify(none));
    return;
  }
  if (job.isGone) {
    expectProblem(reply, 'gone');
    return expect(reply.status).toBe(410);
  }
  const seen = JobResource.parse(reply.body);
  expect(shownAs(job)).toContain(shown(seen));
  expect(seen).toMatchObject({
    id: job.id,
    model: job.model,
    attempt: job.attempt,
    retryOf: job.retryOf,
    labels: job.labels,
    startBy: new Date(job.startByMs).toISOString(),
  });
}

/** The list with this filter, page by page, against the model's. */
export async function expectList(
  world: World,
  model: Model,
  tenant: TenantName,
  filter: { readonly label?: string; readonly model?: string },
  state: string | null,
): Promise<void> {
  const query = new URLSearchParams({ limit: '3', ...filter, ...(state === null ? {} : { state }) });
  const listed: { id: string; createdAt: string }[] = [];
  for (let next: string | null = ''; next !== null;) {
    if (next !== '') query.set('cursor', next);
    const page = JobList.parse((await world.call(tenant, 'GET', `/v1/jobs?${query.toString()}`)).body);
    listed.push(...page.items);
    next = page.next;
  }
  const own = model.jobs.filter(
    (job) =>
      job.tenant === tenant &&
      !job.isGone &&
      (filter.label === undefined || job.labels.includes(filter.label)) &&
      (filter.model === undefined || job.model === filter.model),
  );
  const states = (job: ModelJob): string[] => shownAs(job).map((words) => words.split(' ')[0] ?? '');
  const ids = listed.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const job of own) {
    // One that waits for a place or in the queue may be in either list.
    const may = state === null || states(job).includes(state);
    const must = state === null || states(job).every((one) => one === state);
    if (must) expect(ids).toContain(job.id);
    if (!may) expect(ids).not.toContain(job.id);
  }
  const all = new Set(own.map(({ id }) => id));
  expect(ids.filter((id) => !all.has(id))).toEqual([]);
  const times = listed.map(({ createdAt }) => createdAt);
  expect(times).toEqual([...times].sort().reverse());
}

/** After each call: what follows has happened, no tenant has more running than it may, and every job is where the model has it. */
export async function expectAgreement(world: World, model: Model): Promise<void> {
  await world.settle();
  follow(model);
  expect(world.overrun).toEqual([]);
  for (const job of model.jobs) {
    const read = await world.call(job.tenant, 'GET', `/v1/jobs/${job.id}`);
    if (job.isGone) {
      expectProblem(read, 'gone');
      continue;
    }
    expect([job.id, shownAs(job)]).toEqual([job.id, expect.arrayContaining([shown(JobResource.parse(read.body))])]);
  }
}

/** No job has more than one end, and its events tell its whole life without a gap. */
export async function expectWholeStories(world: World, model: Model): Promise<void> {
  const { store } = world.api.deps;
  for (const { id, isGone } of model.jobs) {
    const events = (await store.query('eventsOfJob', { jobId: id }, { limit: 100 })).items.map(({ data }) => data);
    if (isGone) {
      expect(events).toEqual([]);
      continue;
    }
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, n) => n + 1));
    for (const [n, event] of events.entries()) expect(event.from).toBe(n === 0 ? null : events[n - 1]?.to);
    expect(events.filter(({ to }) => ['succeeded', 'failed', 'canceled', 'expired'].includes(to))).toHaveLength(1);
    expect(events.map(({ open }) => open)).not.toContain(true);
  }
  for (const tenant of TENANTS) await expectList(world, model, tenant, {}, null);
}
