import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isHeldSlot } from '../../domain/slot.policy.ts';
import type { Slot } from '../../domain/contract/slot.ts';
import { refs } from '../../domain/ports.ts';
import { newFolder, onEachEngine, type TestStack, testStack, UNHURRIED } from '../stack/test-stack.ts';
import { environmentOf, processesWith, workersBelow } from './processes.ts';

/** Sixty sweeps at once take their time, in which no lease may end: it is not what is looked at here. */

onEachEngine((engine) => {
  let stack: TestStack;
  let folder: string;
  let data: string;
  beforeAll(async () => {
    [folder, data] = [await newFolder(), await newFolder()];
    stack = await testStack({ engine, dataFolder: data, settings: UNHURRIED });
  });
  afterAll(async () => {
    await stack.stop();
    for (const path of [data, folder]) rmSync(path, { recursive: true, force: true });
  });

  async function slotsOf(queue: string): Promise<Slot[]> {
    const page = await stack.store.query('slotsOfQueue', { queue }, { limit: 100 });
    return page.items.map((slot) => slot.data);
  }

  const distinct = (names: string[]): number => new Set(names).size;

  test('never more held slots than max and never more workers in them, at any write, and no two workers for one slot and fence', async () => {
    const looks: Promise<{ held: number; standing: string[]; workers: string[] }>[] = [];
    const look = async (): Promise<Awaited<(typeof looks)[number]>> => {
      const slots = (await slotsOf('noop@local')).filter((slot) => slot.state !== 'free');
      const held = new Set(slots.map((slot) => `noop@local~${slot.index} ${slot.fence}`));
      const workers = workersBelow(data)
        .filter((env) => /^(slipway-)?noop$/.test(env['CLOUD_RUN_JOB'] ?? ''))
        .map((env) => `${env['SLIPWAY_SLOT']} ${env['SLIPWAY_FENCE']}`);
      // One that has given its slot back may still be on its way out.
      return { held: held.size, standing: workers.filter((worker) => held.has(worker)), workers };
    };
    const watched = { shape: 'slotsOfQueue', where: { queue: 'noop@local' } } as const;
    const stopWatching = stack.store.watch(watched, () => looks.push(look()));
    const jobs = await Promise.all(Array.from({ length: 60 }, () => stack.submit('noop')));
    const ended = await Promise.all(jobs.map((job) => stack.ended(job.id)));
    stopWatching();
    const seen = await Promise.all(looks);
    expect(ended.map((job) => job.state)).toEqual(jobs.map(() => 'succeeded'));
    expect(Math.max(...seen.map((one) => one.held))).toBeLessThanOrEqual(3);
    const most = Math.max(...seen.map((one) => one.standing.length));
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(3);
    expect(seen.filter(({ workers }) => distinct(workers) < workers.length)).toEqual([]);
    expect((await slotsOf('noop@local')).length).toBeLessThanOrEqual(3);
  });

  test('a storm of sweeps, each of which has the queue looked at, starts no worker beyond the target', async () => {
    // A sweep is some forty calls, each of which the emulator takes several milliseconds for.
    const storm = engine === 'embedded' ? 30 : 10;
    const go = join(folder, 'storm-go');
    const { id } = await stack.submit('scripted', { waitForFile: go });
    // One job asks for one worker, though the pool may have two: each sweep calls dispatch again, many at once.
    await Promise.all(Array.from({ length: storm }, () => stack.sweep()));
    await stack.until(id, (job) => job.progress !== null);
    await Promise.all(Array.from({ length: storm }, () => stack.sweep()));
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
});
