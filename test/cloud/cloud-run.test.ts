import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { cloudRunLauncher } from '../../cloud/cloud-run.ts';
import type { Launcher } from '../../domain/ports.ts';
import { CallError, status, type ErrorDetail } from '../../emulators/grpc-server.ts';
import { startRunServer, type LaunchPlan, type RunServer } from '../../emulators/run-server.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { capturedLog } from '../local/capture-log.ts';
import { newFolder } from '../local/folder.ts';
import { describeLauncher } from '../ports/describe-launcher.ts';
import { aLaunch } from '../ports/launch-request.ts';

const JOB = 'projects/test/locations/here/jobs/slipway-pool';
const log = capturedLog();
const QUOTA: ErrorDetail = { type: 'QuotaFailure', value: { violations: [{ subject: 'project:test' }] } };
const NO_CAPACITY: ErrorDetail = {
  type: 'ErrorInfo',
  value: { reason: 'resource_availability', domain: 'compute.googleapis.com' },
};

async function startRun(callMs = 20_000): Promise<{ run: RunServer; launcher: Launcher }> {
  const cwd = newFolder();
  // Waits for SIGTERM, and ends by it.
  writeFileSync(join(cwd, 'worker.mjs'), `console.log('up'); setInterval(() => undefined, 1e6);`);
  const template = { program: [process.execPath, 'worker.mjs'] as const, cwd, env: { SLIPWAY_DOOR: 'http://door/' } };
  const run = await startRunServer({
    jobs: (name) => (name === JOB ? template : null),
    clock: systemClock,
    random: systemRandom,
    log,
  });
  const endpoints = { run: run.address };
  return { run, launcher: cloudRunLauncher({ projectId: 'test', name: 'slipway', endpoints, callMs }) };
}

describeLauncher('Cloud Run', async () => {
  const { run, launcher } = await startRun();
  return { launcher, close: () => run.stop() };
});

describe('a launch on Cloud Run', () => {
  let run: RunServer;
  let launcher: Launcher;
  afterEach(() => run.stop());
  const planned = async (...plans: LaunchPlan[]): Promise<void> => {
    // Only of a call that is never answered is the end waited for.
    ({ run, launcher } = await startRun(plans.some(({ answer }) => answer === 'silence') ? 1_000 : undefined));
    run.plans.push(...plans);
  };

  test('tells the execution its queue, slot, fence and ticket, and nothing that Cloud Run sets itself', async () => {
    await planned();
    const request = aLaunch({ fence: 7 });
    const result = await launcher.launch(request);
    expect(result).toEqual({ kind: 'started', execution: run.executions()[0]?.name });
    expect(run.executions()[0]?.env).toEqual({
      SLIPWAY_QUEUE: request.queue,
      SLIPWAY_SLOT: request.slot,
      SLIPWAY_FENCE: '7',
      SLIPWAY_TICKET: request.ticket,
    });
  });

  const refused = (code: status, detail: ErrorDetail | null = null): LaunchPlan => ({
    makes: 0,
    answer: new CallError(code, 'refused', detail),
  });
  const startedBut = (answer: LaunchPlan['answer']): LaunchPlan => ({ makes: 1, answer });

  test.each<[string, LaunchPlan, object]>([
    ['429', refused(status.RESOURCE_EXHAUSTED), { kind: 'failed', reason: 'quota' }],
    ['429 with a quota', refused(status.RESOURCE_EXHAUSTED, QUOTA), { kind: 'failed', reason: 'quota' }],
    ['a quota said as a bad request', refused(status.INVALID_ARGUMENT, QUOTA), { kind: 'failed', reason: 'quota' }],
    ['no capacity', refused(status.RESOURCE_EXHAUSTED, NO_CAPACITY), { kind: 'failed', reason: 'capacity' }],
    ['403', refused(status.PERMISSION_DENIED), { kind: 'failed', reason: 'permission' }],
    ['401', refused(status.UNAUTHENTICATED), { kind: 'failed', reason: 'permission' }],
    ['400', refused(status.INVALID_ARGUMENT), { kind: 'failed', reason: 'other' }],
    ['409', refused(status.FAILED_PRECONDITION), { kind: 'failed', reason: 'other' }],
    ['503 before it started', refused(status.UNAVAILABLE), { kind: 'ambiguous' }],
    ['503 after it started', startedBut(new CallError(status.UNAVAILABLE, 'late')), { kind: 'ambiguous' }],
    ['500 after it started', startedBut(new CallError(status.INTERNAL, 'late')), { kind: 'ambiguous' }],
    ['a timeout after it started', startedBut('silence'), { kind: 'ambiguous' }],
    ['an answer that names no execution', { makes: 0, answer: 'operation' }, { kind: 'ambiguous' }],
    ['two executions of one call', { makes: 2, answer: 'operation' }, { kind: 'started' }],
    ['one that waits for capacity', { makes: 1, instead: 'waits', answer: 'operation' }, { kind: 'started' }],
  ])('is understood and never made twice: %s', async (_, plan, expected) => {
    await planned(plan);
    expect(await launcher.launch(aLaunch())).toMatchObject(expected);
    expect(run.calls['runJob']).toBe(1);
    expect(run.executions()).toHaveLength(plan.makes);
  });

  test('of a pool that has no job there is said so', async () => {
    await planned();
    const result = await launcher.launch(aLaunch({ queue: 'other@here' }));
    expect(result).toMatchObject({
      kind: 'failed',
      reason: 'not_found',
      message: expect.stringContaining('slipway-other'),
    });
  });

  test('where nobody answers at all is ambiguous, since nothing says that nothing was started', async () => {
    await planned();
    await run.stop();
    expect(await launcher.launch(aLaunch())).toMatchObject({ kind: 'ambiguous' });
  });

  test('that waits for capacity can be found and canceled before it ever starts', async () => {
    await planned({ makes: 1, instead: 'waits', answer: new CallError(status.UNAVAILABLE, 'late') });
    const request = aLaunch({ fence: 3 });
    await launcher.launch(request);
    const found = await launcher.find(request);
    expect(found).toHaveLength(1);
    for (const execution of found) {
      expect(await launcher.status(execution)).toBe('running');
      await launcher.cancel(execution);
      expect(await launcher.status(execution)).toBe('ended');
    }
    expect(run.executions()[0]?.code).toBeNull();
  });

  test('whose execution fails without ever having been started counts as ended, and nothing is found of it', async () => {
    await planned({ makes: 1, instead: 'fails', answer: 'operation' });
    const request = aLaunch();
    const result = await launcher.launch(request);
    if (result.kind !== 'started') throw new Error(`not started: ${JSON.stringify(result)}`);
    expect(await launcher.status({ queue: request.queue, execution: result.execution })).toBe('ended');
    expect(await launcher.find(request)).toEqual([]);
  });
});
