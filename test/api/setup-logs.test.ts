import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LogPage } from '../../domain/contract/follow.ts';
import { slipway } from '../client/command-rig.ts';
import { testStack, UNHURRIED, type TestStack } from '../stack/test-stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await testStack({ settings: UNHURRIED });
});
afterAll(() => stack.stop());

async function log(id: string, query = ''): Promise<string[]> {
  const { status, body } = await stack.call('GET', `/v1/jobs/${id}/logs${query}`);
  expect(status).toBe(200);
  return LogPage.parse(body).items.map(({ text }) => text);
}
const command = async (...argv: readonly string[]): Promise<string> =>
  (await slipway(stack, argv, { env: { SLIPWAY_API_KEY: stack.apiKey } })).out;

const SETUP = ['leaky: loading weights', 'leaky: weights are loaded'];

test('what a model said at its start is told apart from the run, with the job that waited for it and those after it', async () => {
  const first = await stack.ended((await stack.submit('leaky', { token: 'first-secret' })).id);
  expect(first.attempts[0]?.cold).toBe(true);
  const second = await stack.ended((await stack.submit('leaky', { token: 'second-secret' })).id);
  expect(second.attempts[0]?.cold).toBe(false);
  for (const { id } of [first, second]) {
    // stdout and stderr are two pipes: which comes first is not said.
    expect([...(await log(id, '?phase=setup'))].sort()).toEqual(SETUP);
    const run = await log(id);
    expect(run).toContain('stdout [secret] and none');
    expect(run.join('\n')).not.toContain('weights');
    expect((await command('logs', id, '--setup')).trim().split('\n').sort()).toEqual(SETUP);
    expect(await command('logs', id)).not.toContain('weights');
  }
}, 60_000);

test('a job whose model does not start leads to all that it said', async () => {
  const { id } = await stack.submit('broken-boot', {}, { maxAttempts: 1 });
  const { state, error } = await stack.ended(id);
  expect([state, error?.kind]).toEqual(['failed', 'startup_failed']);
  expect(error?.message).toContain(`/v1/jobs/${id}/logs?phase=setup (slipway logs ${id} --setup)`);
  expect(await log(id, '?phase=setup')).toEqual(['weights.bin is not there']);
  expect(await log(id)).toEqual([]);
}, 60_000);
