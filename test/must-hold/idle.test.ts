import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobResource } from '../../domain/contract/http.ts';
import { newFolder } from '../stack/test-stack.ts';
import { processesWith } from './processes.ts';
import { killAll, startProcess } from './stack-process.ts';

let data: string;
beforeAll(async () => {
  data = await newFolder();
});
afterAll(async () => {
  await killAll();
  rmSync(data, { recursive: true, force: true });
});

/** How often any thread of a process has gone to sleep by itself, and so must have been woken before. */
const wakeUps = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
    return sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
  }, 0);

test('an idle stack wakes up at most once a second in all', async () => {
  const stack = await startProcess(data);
  const { body } = await stack.call('POST', '/v1/jobs', { model: 'noop', input: {} }, 'wait=20');
  expect((body as JobResource).state).toBe('succeeded');
  // Idle begins when the worker has gone and the connections it left behind are closed.
  while (processesWith('TMPDIR', (value) => value.startsWith(data)).length > 0) await delay(100);
  await delay(6_000);
  const pid = stack.child.pid ?? 0;
  const before = wakeUps(pid);
  const seconds = 8;
  await delay(seconds * 1_000);
  const woken = wakeUps(pid) - before;
  expect(woken).toBeLessThanOrEqual(seconds);
  await stack.kill('SIGTERM');
}, 60_000);
