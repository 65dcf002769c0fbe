import { expect } from '@jest/globals';
import fc from 'fast-check';
import { JobPlanResource } from '../../domain/contract/http.ts';
import { MINUTE, SECOND } from '../../domain/time.ts';
import { expectList, expectProblem, expectVisible } from './checks.ts';
import { command, isThereAny, jobFor, pathOf, type Command } from './command.ts';
import {
  cancel,
  finish,
  hasEnded,
  isClaimable,
  limitsOf,
  start,
  unstartedOf,
  type Model,
  type ModelJob,
} from './model.ts';
import { retry, submit } from './submissions.ts';
import { MODELS, TENANTS, type TenantName, type World } from './world.ts';

// Most of it by one of them, so that its jobs meet each other.
const tenant = fc.constantFrom('acme' as const, 'acme', 'acme', ...TENANTS);
const index = fc.nat({ max: 30 });
const key = fc.option(fc.constantFrom('k1', 'k2'), { freq: 2 });
const label = fc.constantFrom('deck:1', 'deck:2');
const postCancel = (who: TenantName, at: number, dependants: 'fail' | 'cancel'): Command =>
  command(
    `cancel(${who}, ${at}, ${dependants})`,
    async (model, world) => {
      const job = jobFor(model, who, at);
      const reply = await world.call(who, 'POST', `${pathOf(job)}/cancel`, { dependants });
      if (job.tenant !== who) return expectProblem(reply, 'not_found');
      if (hasEnded(job) && job.state !== 'canceled') return expectProblem(reply, 'job_already_ended');
      cancel(job, dependants);
      expect(reply).toMatchObject({
        status: 200,
        body: { state: job.state, outcome: job.state === 'canceled' ? 'canceled' : 'requested' },
      });
    },
    isThereAny,
  );

const get = (who: TenantName, at: number): Command =>
  command(`get(${who}, ${at})`, (model, world) => expectVisible(world, who, jobFor(model, who, at)), isThereAny);

const list = (who: TenantName, filter: { label?: string; model?: string }, state: string | null): Command =>
  command(`list(${who}, ${JSON.stringify(filter)}, ${state})`, (model, world) =>
    expectList(world, model, who, filter, state),
  );

const plan = (who: TenantName, name: string): Command =>
  command(`plan(${who}, ${name})`, async (model, world) => {
    const input = name === 'form' ? { text: 'plan', count: 1 } : { text: 'plan' };
    const reply = await world.call(who, 'POST', '/v1/jobs:plan', { model: name, input });
    const { queued } = limitsOf(model, who);
    if (queued !== null && unstartedOf(model, who) >= queued) return expectProblem(reply, 'too_many_jobs');
    expect(JobPlanResource.parse(reply.body).queues).toEqual(['pool@local']);
  });

const limit = (who: TenantName, running: number | null, queued: number | null): Command =>
  command(`limit(${who}, ${running}, ${queued})`, async (model, world) => {
    const reply = await world.call('acme', 'PUT', `/v1/tenants/${who}`, { title: who, limits: { running, queued } });
    expect([200, 201]).toContain(reply.status);
    model.limits.set(who, { running, queued });
    // An instance of the api goes by the limits that it has read for a minute.
    pass(model, world, MINUTE);
  });

const claim = (worker: number): Command =>
  command(
    `claim(${worker})`,
    async (model, world) => {
      const id = await world.claim(worker);
      const claimable = model.jobs.filter((job) => isClaimable(model, job));
      if (id === null) {
        // Whoever may run is given to whoever asks: nobody waits behind another tenant's limit.
        expect(claimable.map((job) => job.id)).toEqual([]);
        return;
      }
      expect(claimable.map((job) => job.id)).toContain(id);
      const job = claimable.find((one) => one.id === id) as ModelJob;
      start(model, job);
      model.inHand[worker] = job;
    },
    (model) => model.inHand[worker] === null,
  );

type Ending = 'succeeded' | 'model_error' | 'crash';

export async function endWork(model: Model, world: World, worker: number, wanted: Ending): Promise<void> {
  const job = model.inHand[worker] as ModelJob;
  // Whether there is time for another attempt before so near a deadline is a question of the backoff's length.
  const how = job.isShort && wanted === 'crash' ? 'model_error' : wanted;
  model.inHand[worker] = null;
  await world.finish(
    worker,
    how === 'succeeded'
      ? { kind: 'succeeded', output: { text: 'done' }, artifacts: [], metrics: {} }
      : { kind: 'failed', error: { kind: how, message: how } },
  );
  finish(model, job, how);
}

const end = (worker: number, how: Ending): Command =>
  command(
    `finish(${worker}, ${how})`,
    (model, world) => endWork(model, world, worker, how),
    (model) => model.inHand[worker] !== null,
  );

/** Time, for all that goes by it. */
export function pass(model: Model, world: World, ms: number): void {
  model.nowMs += ms;
  world.clock.set(model.nowMs);
}

const wait = (ms: number): Command => command(`wait(${ms / SECOND} s)`, async (model, world) => pass(model, world, ms));

/**
 * @param byTime whether the store's clock is the test's, so that times of jobs may be part of it
 * @param most calls in a sequence
 */
export function commands(byTime: boolean, most: number): fc.Arbitrary<Iterable<Command>> {
  const when = byTime ? fc.constantFrom('now' as const, 'now', 'now', 'later', 'short') : fc.constant('now' as const);
  const asked = fc.record({
    tenant,
    key,
    model: fc.constantFrom(...MODELS),
    text: fc.constantFrom('a', 'ab', 'abc'),
    labels: fc.array(label, { maxLength: 2 }),
    parents: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(index, { maxLength: 2 }) },
    ),
    when: when,
    priority: fc.constantFrom('low', 'normal', 'high', 'critical'),
    maxAttempts: fc.integer({ min: 1, max: 3 }),
  });
  const state = fc.option(fc.constantFrom('queued', 'blocked', 'running', 'succeeded', 'failed', 'canceled'));
  const filter = fc.oneof(
    fc.constant({}),
    label.map((word) => ({ label: word })),
    fc.constantFrom(...MODELS).map((name) => ({ model: name })),
  );
  const bound = (max: number): fc.Arbitrary<number | null> => fc.option(fc.integer({ min: 1, max }), { freq: 4 });
  const worker = fc.constantFrom(0, 1);
  const endings: Ending[] = byTime ? ['succeeded', 'succeeded', 'model_error', 'crash'] : ['succeeded', 'model_error'];
  const submission = asked.map(submit);
  return fc.commands(
    [
      submission,
      submission,
      submission,
      fc.tuple(tenant, index, key).map((args) => retry(...args)),
      fc.tuple(tenant, index, fc.constantFrom('fail' as const, 'cancel' as const)).map((args) => postCancel(...args)),
      fc.tuple(tenant, index).map((args) => get(...args)),
      fc.tuple(tenant, filter, state).map((args) => list(...args)),
      fc.tuple(tenant, fc.constantFrom(...MODELS)).map((args) => plan(...args)),
      fc.tuple(tenant, bound(2), bound(6)).map((args) => limit(...args)),
      worker.map(claim),
      worker.map(claim),
      fc.tuple(worker, fc.constantFrom(...endings)).map((args) => end(...args)),
      ...(byTime ? [fc.constantFrom(MINUTE, 6 * MINUTE, 11 * MINUTE).map(wait)] : []),
    ],
    { maxCommands: most, size: 'max' },
  );
}
