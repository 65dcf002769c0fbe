import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isHeldSlot } from '../../domain/slot.policy.ts';
import type { Slot } from '../../domain/contract/slot.ts';
import { refs } from '../../domain/ports.ts';
import { newFolder, testStack, type TestStack } from '../stack/test-stack.ts';
import { environmentOf, processesWith } from './processes.ts';

let stack: TestStack;
let folder: string;
beforeAll(async () => {
  folder = await newFolder();
  stack = await testStack();
});
afterAll(() => stack.stop());

async function slotsOf(queue: string): Promise<Slot[]> {
  const page = await stack.store.query('slotsOfQueue', { queue }, { limit: 100 });
  return page.items.map((slot) => slot.data);
}

test('never more held slots than max, at any write, and all free in the end', async () => {
  let most = 0;
  const stopWatching = stack.store.watch({ shape: 'slotsOfQueue', where: { queue: 'noop@local' } }, () => {
    void slotsOf('noop@local').then(
      (slots) => (most = Math.max(most, slots.filter((slot) => slot.state !== 'free').length)),
    );
  });
  const jobs = await Promise.all(Array.from({ length: 60 }, () => stack.submit('noop')));
  const ended = await Promise.all(jobs.map((job) => stack.ended(job.id)));
  stopWatching();
  expect(ended.map((job) => job.state)).toEqual(jobs.map(() => 'succeeded'));
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(3);
  expect((await slotsOf('noop@local')).length).toBeLessThanOrEqual(3);
});

test('a storm of nudges starts no worker beyond the target', async () => {
  const go = join(folder, 'storm-go');
  const { id } = await stack.submit('scripted', { waitForFile: go });
  // One job asks for one worker, though the pool may have two: each sweep nudges dispatch again, thirty at once.
  await Promise.all(Array.from({ length: 30 }, () => stack.sweep()));
  await stack.until(id, (job) => job.progress !== null);
  await Promise.all(Array.from({ length: 30 }, () => stack.sweep()));
  const slots = await slotsOf('scripted@local');
  expect(slots.filter(isHeldSlot)).toHaveLength(1);
  expect(slots.map((slot) => slot.fence)).toEqual([1]);
  writeFileSync(go, '');
  expect((await stack.ended(id)).state).toBe('succeeded');
});

test('two executions of one launch leave one worker: the twin is refused and exits 0', async () => {
  const go = join(folder, 'twin-go');
  const { id } = await stack.submit('scripted', { waitForFile: go });
  const running = await stack.until(id, (job) => job.progress !== null);
  const execution = running.attempts[0]?.execution ?? '';
  const [pid = 0] = processesWith('CLOUD_RUN_EXECUTION', (value) => value === execution);
  const env = environmentOf(pid) ?? {};
  const twin = spawn(process.execPath, [join(import.meta.dirname, '../../gpu-job/start.js')], {
    env: { ...env, CLOUD_RUN_EXECUTION: `${execution}-twin` },
    stdio: 'ignore',
  });
  const [code] = (await once(twin, 'exit')) as [number | null];
  expect(code).toBe(0);
  const slot = await stack.store.get(refs.slot(running.holder?.slot ?? ''));
  expect(slot?.data).toMatchObject({ state: 'ready', execution, jobs: [id] });
  writeFileSync(go, '');
  expect(await stack.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
});

test('a worker whose model server cannot start fails the job with the reason, and does not start for ever', async () => {
  const { id } = await stack.submit('broken-boot');
  const ended = await stack.ended(id);
  expect(ended).toMatchObject({ state: 'failed', error: { kind: 'startup_failed' } });
  expect(ended.error?.message).toContain('weights.bin is not there');
  expect(ended.attempts).toHaveLength(2);
});
