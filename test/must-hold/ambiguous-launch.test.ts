import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { refs } from '../../domain/ports.ts';
import { CallError, status } from '../../emulators/grpc-server.ts';
import type { LaunchPlan } from '../../emulators/run-server.ts';
import { describeOnEmulators } from '../emulators/here.ts';
import { emulatorTestStack, newFolder, type EmulatorTestStack } from '../stack/test-stack.ts';

const late = new CallError(status.DEADLINE_EXCEEDED, 'the deadline passed after it was started');

describeOnEmulators('RunJob that does not say what it did', () => {
  let stack: EmulatorTestStack;
  let folder: string;
  beforeAll(async () => {
    folder = await newFolder();
    stack = await emulatorTestStack({ settings: { leaseMs: 20_000, renewEveryMs: 2_000, abandonAfterMs: 12_000 } });
  });
  afterAll(async () => {
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Resolves when something that nobody tells of has come about. */
  const until = async (isSo: () => Promise<boolean> | boolean): Promise<void> => {
    while (!(await isSo())) await new Promise(setImmediate);
  };
  const slotsOf = async (model: string) =>
    (await stack.store.query('slotsOfQueue', { queue: `${model}@local` }, { limit: 10 })).items.map(({ data }) => data);
  /** No worker is there or on its way, so that the next job begins with a launch. */
  const isQuiet = async (): Promise<boolean> =>
    (await Promise.all(['scripted', 'noop'].map(slotsOf))).flat().every(({ state }) => state === 'free') &&
    stack.run.executions().every(({ code }) => code !== null);
  beforeEach(() => until(isQuiet));

  test.each<[string, LaunchPlan]>([
    ['times out after having started one', { makes: 1, answer: late }],
    ['times out after having started two', { makes: 2, answer: late }],
    ['starts two and names one', { makes: 2, answer: 'operation' }],
    // The last for this queue, whose next look waits for the end of this call.
    ['falls silent after having started two', { makes: 2, answer: 'silence' }],
  ])('%s: at most two executions, one session, the other exits 0, one result', async (what, plan) => {
    const go = join(folder, what.replaceAll(' ', '-'));
    stack.run.plans.push(plan);
    const { id } = await stack.submit('scripted', { waitForFile: go, text: what });
    const { holder } = await stack.until(id, (job) => job.progress !== null);
    const { slot = '', fence = 0 } = holder ?? {};
    const executions = () =>
      stack.run
        .executions()
        .filter(({ env }) => env['SLIPWAY_SLOT'] === slot && env['SLIPWAY_FENCE'] === String(fence));
    expect(executions()).toHaveLength(plan.makes);
    await until(() => executions().filter(({ code }) => code !== null).length === plan.makes - 1);
    expect(executions().flatMap(({ code }) => code ?? [])).toEqual(plan.makes === 2 ? [0] : []);
    const held = await stack.store.get(refs.slot(slot));
    const winner = executions().find(({ code }) => code === null)?.name;
    expect(held?.data).toMatchObject({ state: 'ready', execution: winner, fence, jobs: [id] });
    writeFileSync(go, '');

    const ended = await stack.ended(id);
    expect(ended).toMatchObject({ state: 'succeeded', attempt: 1, output: { text: what } });
    expect(ended.attempts.map(({ worker }) => worker)).toEqual([winner]);
    expect((await stack.events(id)).map(({ to }) => to)).toEqual(['queued', 'running', 'succeeded']);
    await until(isQuiet);
    // The job is one and had one worker: nothing else was ever started for it.
    expect(executions()).toHaveLength(plan.makes);
  });

  test.each<[string, CallError]>([
    ['429', new CallError(status.RESOURCE_EXHAUSTED, 'too many requests')],
    ['403', new CallError(status.PERMISSION_DENIED, 'not allowed')],
  ])('that is refused with %s frees the slot, uses up no attempt, and sweep tries again', async (_, answer) => {
    const before = stack.run.calls['runJob'] ?? 0;
    stack.run.plans.push({ makes: 0, answer });
    const { id } = await stack.submit('noop');
    await until(async () => (stack.run.calls['runJob'] ?? 0) > before && (await isQuiet()));
    expect((await stack.call('GET', `/v1/jobs/${id}`)).body).toMatchObject({ state: 'queued', attempt: 0 });
    await stack.sweep();
    expect(await stack.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
  });
});
