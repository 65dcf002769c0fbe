import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EXIT } from '../../client/command/exit.ts';
import { JobPlanResource } from '../../domain/contract/plan.ts';
import { serveApi, type TestApi } from '../api/serve-api.ts';
import { removeFolders } from '../local/folder.ts';
import { slipway, type World } from './command-rig.ts';

let api: TestApi;
beforeAll(async () => {
  api = await serveApi();
});
afterAll(async () => {
  await api.stop();
  removeFolders();
});

const run = (line: string, world?: World) => slipway(api, line.split(' '), world);

describe('plan', () => {
  test('says where a job would go, when, for how long and at what cost, and how much that is based on', async () => {
    const args = ['plan', 'slide-text', '--set', 'text=hello', '--priority', 'high'];
    const { exit, out } = await slipway(api, args);
    expect(exit).toBe(EXIT.ok);
    expect(out).toMatch(/^queues +pool@local$/m);
    expect(out).toMatch(/^wait +1\.0 s, \d+ of yours are queued \(as the model declares\)$/m);
    expect(out).toMatch(/^run +10 s \(as the model declares\)$/m);
    expect(out).toMatch(/^cost +0\.00\d+ USD \(as the model declares; l4, /m);
    expect(out).toMatch(/^history +none of your jobs of this model has succeeded yet$/m);
    const before = (await slipway(api, ['list', '--json'])).out;
    expect(JobPlanResource.parse(JSON.parse((await slipway(api, [...args, '--json'])).out))).toMatchObject({
      model: 'slide-text',
      history: { jobs: 0 },
    });
    expect((await slipway(api, ['list', '--json'])).out).toBe(before);
  });

  test('by its own jobs, where there are enough', async () => {
    const spread = { median: 4, p90: 65 };
    const planned: JobPlanResource = {
      model: 'm',
      pool: 'p',
      queues: ['p@a', 'p@b'],
      blocked: { reason: 'not_before', until: '2026-12-01T00:00:00.000Z' },
      backlog: 2,
      expected: {
        basis: { wait: 'history', boot: 'model', run: 'history', cost: 'model' },
        waitSeconds: 61,
        bootSeconds: 30,
        runSeconds: 4,
        costUsd: 0.0123456,
        price: { hardware: 'l4', date: '2026-11-01', verified: false },
      },
      history: {
        jobs: 20,
        from: '2026-11-02T00:00:00.000Z',
        to: '2026-11-25T00:00:00.000Z',
        runSeconds: spread,
        bootSeconds: null,
        loadSeconds: null,
        costUsd: { median: 0.01, p90: 0.02 },
      },
    };
    const { out } = await run('plan m', { fetch: async () => Response.json(planned) });
    expect(out.replace(/\s+/g, ' ')).toContain(
      'queues p@a, then p@b blocked first: not_before until 2026-12-01T00:00:00.000Z ' +
        'wait 61 s, 2 of yours are queued (from your own jobs) boot 30 s (as the model declares) ' +
        'run 4.0 s (from your own jobs), in 9 of 10 jobs at most 65 s ' +
        'cost 0.012346 USD (as the model declares; l4, 2026-11-01, not verified) ' +
        'jobs before 0.010000 USD each, in 9 of 10 jobs at most 0.020000 USD ' +
        'history your last 20 succeeded jobs of it, 2026-11-02 to 2026-11-25',
    );
  });
});
