import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient, type SlipwayClient } from '../../client/index.ts';
import { slipway } from '../client/command-rig.ts';
import { testStack, UNHURRIED, type TestStack } from '../stack/test-stack.ts';

/** More than a job holds (256 KiB). */
const LARGE = 'a"'.repeat(100_000);

let stack: TestStack;
let client: SlipwayClient;
beforeAll(async () => {
  stack = await testStack({ settings: UNHURRIED });
  client = createClient({ url: stack.url, key: stack.apiKey });
});
afterAll(() => stack.stop());

// davefojtik/RunPod-Fooocus-API#46: the work was done, and then "Failed to return job results 400 (large output)".
test('an output that is too large for its job is a file, at an address made anew for each read', async () => {
  const { id } = await stack.submit('noop', { echo: LARGE });
  const job = await stack.ended(id);
  expect(job).toMatchObject({ state: 'succeeded', output: null, error: null });
  const [file] = job.artifacts;
  expect(file).toMatchObject({ name: 'output.json', contentType: 'application/json' });
  expect(file?.sizeBytes).toBe(Buffer.byteLength(JSON.stringify({ echo: LARGE })));
  expect(job.outputUrl).toBe(file?.url);
  // Without a key: the address is all that is needed.
  expect(await (await fetch(job.outputUrl ?? '')).json()).toEqual({ echo: LARGE });
  expect(await client.outputOf(await client.getJob(id))).toEqual({ echo: LARGE });
  // An address that is good no longer is asked for anew.
  const stale = { ...job, outputUrl: `${job.outputUrl?.replace(/[^/]+$/, 'gone')}?expired=1` };
  expect((await fetch(stale.outputUrl)).ok).toBe(false);
  expect(await client.outputOf(stale)).toEqual({ echo: LARGE });

  const env = { SLIPWAY_API_KEY: stack.apiKey };
  expect((await slipway(stack, ['get', id], { env })).out).toContain(`slipway get ${id} --output`);
  const { out } = await slipway(stack, ['get', id, '--output'], { env, columns: 1_000_000 });
  expect(JSON.parse(out)).toEqual({ echo: LARGE });
}, 60_000);

test('one that fits stands in its job, and has no address', async () => {
  const job = await stack.ended((await stack.submit('noop', { echo: 'small' })).id);
  expect(job).toMatchObject({ output: { echo: 'small' }, outputUrl: null, artifacts: [] });
  expect(await client.outputOf(job)).toEqual({ echo: 'small' });
}, 60_000);

test('a job that takes values of a large output is told where that is and what to do', async () => {
  const { id } = await stack.submit('noop', { echo: LARGE });
  const child = await stack.submit('noop', { echo: { $output: { job: id, path: '/echo' } } });
  await stack.ended(id);
  await stack.sweep();
  const { state, error } = await stack.ended(child.id);
  expect([state, error?.kind]).toEqual(['failed', 'dependency_failed']);
  expect(error?.message).toMatch(/^input\/echo: .*too large to be passed on.*outputUrl.*submit this job anew/);
}, 60_000);
