import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobResource } from '../../domain/contract/http.ts';
import { refs } from '../../domain/ports.ts';
import { isTerminal } from '../../domain/state.ts';
import { newFolder, testStack, UNHURRIED, type TestStack } from '../stack/test-stack.ts';

const TENANTS = 50;
const JOBS = 20;

/** What a tenant may do; the first two have their one place taken by a job that ends when the test says so. */
function limitsOf(n: number): { running?: number; queued?: number } {
  if (n < 2) return { running: 1 };
  if (n < 12) return { running: 2 };
  return n < 17 ? { queued: 8 } : {};
}

let stack: TestStack;
let folder: string;
const keys: string[] = [];
beforeAll(async () => {
  folder = await newFolder();
  stack = await testStack({ settings: UNHURRIED });
  for (let n = 0; n < TENANTS; n += 1) {
    await stack.call('PUT', `/v1/tenants/lab-${n}`, { title: `Lab ${n}`, limits: limitsOf(n) });
    const made = await stack.call('POST', `/v1/tenants/lab-${n}/keys`, { name: 'test', scopes: ['submit', 'read'] });
    keys.push((made.body as unknown as { key: string }).key);
  }
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

const as = (n: number, more: Record<string, string> = {}): Record<string, string> => ({
  authorization: `Bearer ${keys[n]}`,
  ...more,
});

/** Held by the api until they have ended, fifty at a time. */
async function ended(jobs: readonly { n: number; id: string }[]): Promise<JobResource[]> {
  const all: JobResource[] = [];
  for (let from = 0; from < jobs.length; from += 50) {
    const held = jobs.slice(from, from + 50).map(async ({ n, id }) => {
      const { body } = await stack.call('GET', `/v1/jobs/${id}`, undefined, as(n, { prefer: 'wait=50' }));
      return body;
    });
    all.push(...(await Promise.all(held)));
  }
  return all;
}

test('of a thousand submissions at once by fifty tenants each that was accepted ends once, and none waits behind the limit of another tenant', async () => {
  const gate = join(folder, 'gate');
  const holders: { n: number; id: string }[] = [];
  for (const n of [0, 1]) {
    const request = { model: 'scripted', input: { waitForFile: gate } };
    const { body } = await stack.call('POST', '/v1/jobs', request, as(n));
    holders.push({ n, id: body.id });
    await stack.until(body.id, (job) => job.state === 'running');
  }

  const replies = await Promise.all(
    Array.from({ length: TENANTS * JOBS }, async (_, i) => {
      const n = i % TENANTS;
      const reply = await stack.call('POST', '/v1/jobs', { model: 'noop', input: {} }, as(n));
      return { n, id: reply.body.id, status: reply.status };
    }),
  );
  const refused = replies.filter(({ status }) => status !== 201);
  expect(refused.filter(({ n, status }) => status !== 429 || limitsOf(n).queued === undefined)).toEqual([]);
  const accepted = replies.filter(({ status }) => status === 201);
  const behind = accepted.filter(({ n }) => n < 2);
  const free = accepted.filter(({ n }) => n >= 2);
  expect(behind).toHaveLength(2 * JOBS);

  const first = await ended(free);
  expect(first.filter(({ state }) => state !== 'succeeded')).toEqual([]);
  for (const { id } of behind) {
    expect((await stack.store.get(refs.job(id)))?.data).toMatchObject({ state: 'blocked', reason: 'tenant_limit' });
  }

  writeFileSync(gate, '');
  const rest = await ended([...holders, ...behind]);
  expect(rest.filter(({ state }) => state !== 'succeeded')).toEqual([]);
  for (const { id } of [...holders, ...accepted]) {
    const events = await stack.events(id);
    expect(events.filter(({ to }) => isTerminal(to))).toHaveLength(1);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
  }
  const all = [...first, ...rest];
  expect(all.filter(({ attempts }) => attempts.length !== 1)).toEqual([]);
  const tenantOf = new Map([...holders, ...accepted].map(({ n, id }) => [id, n]));
  for (let n = 0; n < 12; n += 1) {
    const runs = all.filter(({ id }) => tenantOf.get(id) === n).map(({ attempts: [run] }) => run);
    const most = Math.max(...runs.map((one) => runs.filter((run) => overlaps(run, one?.startedAt)).length));
    expect(most).toBeLessThanOrEqual(limitsOf(n).running ?? Infinity);
  }
}, 240_000);

/** Whether a run was on at this instant, in the clock of the one process that wrote both. */
const overlaps = (run: JobResource['attempts'][0] | undefined, at: string | undefined): boolean =>
  run !== undefined && at !== undefined && run.startedAt <= at && at < (run.endedAt ?? '');
