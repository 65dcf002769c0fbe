import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder, onEachEngine, testStack, type TestStack } from '../stack/test-stack.ts';
import { isAlive, processesWith } from './processes.ts';

onEachEngine((engine) => {
  let stack: TestStack;
  let folder: string;
  beforeAll(async () => {
    folder = await newFolder();
    // Sweeps come by themselves here, since a lease ends by time alone.
    // The lease is one that a worker on a busy machine keeps.
    const lease = { leaseMs: 6_000, renewEveryMs: 700, abandonAfterMs: 4_500 };
    stack = await testStack({ engine, settings: { sweepEveryMs: 500, ...lease } });
  });
  afterAll(() => stack.stop());

  const workerOf = (execution: string): number => {
    const pid = processesWith('CLOUD_RUN_EXECUTION', (value) => value === execution)[0];
    if (pid === undefined) throw new Error(`no process of ${execution}`);
    return pid;
  };

  test('a worker killed with -9 in mid-job: the job runs again as the next attempt and ends once', async () => {
    const [started, go] = [join(folder, 'started'), join(folder, 'go')];
    const { id } = await stack.submit('scripted', { startedFile: started, waitForFile: go, text: 'second life' });
    // The progress comes from the model's own process, so the job is in full swing.
    const running = await stack.until(id, (job) => job.progress !== null);
    const model = Number(readFileSync(started, 'utf8'));
    expect(isAlive(model)).toBe(true);

    process.kill(workerOf(running.attempts[0]?.execution ?? ''), 'SIGKILL');
    const again = await stack.until(id, (job) => job.attempt === 2 && job.progress !== null);
    expect(isAlive(model)).toBe(false);
    expect(again.failures).toBe(0);
    writeFileSync(go, '');

    const ended = await stack.ended(id);
    expect(ended).toMatchObject({ state: 'succeeded', attempt: 2, output: { text: 'second life' } });
    expect(ended.attempts.map((attempt) => attempt.outcome)).toEqual(['lost', 'succeeded']);
    const moves = (await stack.events(id)).map((event) => event.to);
    expect(moves).toEqual(['queued', 'running', 'queued', 'running', 'succeeded']);
  });

  test('a worker that wakes up with its result when its slot is lost ends by itself, and the job ends once', async () => {
    const [started, go] = [join(folder, 'late-started'), join(folder, 'late-go')];
    const { id } = await stack.submit('scripted', { startedFile: started, waitForFile: go });
    const running = await stack.until(id, (job) => job.progress !== null);
    const execution = running.attempts[0]?.execution ?? '';
    const lost = workerOf(execution);
    // Stopped, not killed: it renews nothing, while its model goes on to a result.
    process.kill(lost, 'SIGSTOP');
    await stack.until(id, (job) => job.attempt === 2 && job.progress !== null);
    writeFileSync(go, '');
    process.kill(lost, 'SIGCONT');

    const ended = await stack.ended(id);
    expect(ended).toMatchObject({ state: 'succeeded', attempt: 2 });
    const isExit = /^worker (ended|failed)$/;
    const exit = await stack.log.line(
      ({ message, fields }) => isExit.test(message) && fields['execution'] === execution,
    );
    // It was not killed, so it did wake up.
    expect(exit.fields['signal']).not.toBe('SIGKILL');
    expect(isAlive(lost)).toBe(false);
    const after = await stack.ended(id);
    expect(after.output).toEqual(ended.output);
    expect(after.attempts).toEqual(ended.attempts);
    expect(after.attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded']);
    expect((await stack.events(id)).filter((event) => event.to === 'succeeded')).toHaveLength(1);
  });
});
