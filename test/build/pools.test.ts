import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAll } from '../../scripts/build/build.ts';
import { WORKER } from '../../scripts/build/deployables.ts';
import { loadCatalogue } from '../../gpu-job/models/catalogue.ts';
import { poolsOf } from '../../scripts/build/pools.ts';
import { tempFolder } from '../worker/harness.ts';

const MODELS = join(import.meta.dirname, '../terraform/models');
const load = (regions: string[]): ReturnType<typeof loadCatalogue> =>
  loadCatalogue({ folders: [MODELS], regions, path: '' });

test('a pool is told with its machine, its workers, its volumes and the longest that a worker may run', async () => {
  expect(poolsOf(await load(['any']))).toEqual({
    counting: {
      gpu: null,
      cpu: 2,
      memory_gib: 4,
      max: 1,
      // Start-up, life, the last run, and two minutes.
      timeout_seconds: 300 + 3_300 + 60 + 120,
      volumes: [],
      image: null,
      oldest_queued_seconds: expect.any(Number),
      behind_seconds: expect.any(Number),
      models: ['count'],
    },
    embedding: {
      gpu: 'nvidia-rtx-pro-6000',
      cpu: 20,
      memory_gib: 80,
      max: 1,
      // 300 + 3300 + 600 + 120 is more than a task with a GPU may run.
      timeout_seconds: 3_600,
      volumes: [],
      image: expect.stringMatching(/^us-docker\.pkg\.dev\/example\/models\/embed@sha256:[0-9a-f]{64}$/),
      oldest_queued_seconds: expect.any(Number),
      behind_seconds: expect.any(Number),
      models: ['embed'],
    },
    folding: {
      gpu: 'nvidia-l4',
      cpu: 4,
      memory_gib: 16,
      max: 3,
      timeout_seconds: 240 + 2_400 + 600 + 120,
      volumes: [
        { bucket: 'example-weights', path: '/weights' },
        { bucket: 'example-references', path: '/references' },
      ],
      image: null,
      oldest_queued_seconds: expect.any(Number),
      behind_seconds: expect.any(Number),
      models: ['fold'],
    },
  });
});

test('when somebody should look at a pool is by its own models and their limits', async () => {
  const { counting, folding } = poolsOf(await load(['any']));
  // Half the time to start; five minutes, a start-up and a run.
  expect(counting?.behind_seconds).toBe(86_400 / 2);
  expect([counting?.oldest_queued_seconds, folding?.oldest_queued_seconds]).toEqual([300 + 300 + 10, 300 + 240 + 10]);
});

test('a pool is told once, in whatever regions it is', async () => {
  expect(poolsOf(await load(['one', 'two']))).toEqual(poolsOf(await load(['any'])));
});

test('the build writes that beside what it builds', async () => {
  const out = tempFolder();
  await buildAll({ out, modelFolders: [MODELS], deployables: [WORKER] });
  expect(JSON.parse(readFileSync(join(out, 'pools.json'), 'utf8'))).toEqual(poolsOf(await load(['any'])));
}, 60_000);
