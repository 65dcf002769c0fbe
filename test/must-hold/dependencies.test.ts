import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { onEachEngine, type TestStack, testStack, UNHURRIED } from '../stack/test-stack.ts';

onEachEngine((engine) => {
  let stack: TestStack;
  beforeAll(async () => {
    // Each message comes three times, in no order.
    stack = await testStack({ engine, settings: UNHURRIED, plan: () => [0, 30, 5] });
  });
  afterAll(() => stack.stop());

  test('a job takes values out of the output of another, whole or by pointer', async () => {
    const parent = await stack.submit('scripted', { text: { a: [1, 2] } });
    const child = await stack.submit('noop', {
      echo: {
        whole: { $output: { job: parent.id, path: '' } },
        part: { $output: { job: parent.id, path: '/pages/1/text' } },
      },
    });
    const { output, inputFrom, dependsOn } = await stack.ended(child.id);
    expect(output).toEqual({
      echo: { whole: { text: { a: [1, 2] }, pages: [{ text: 'first' }, { text: 'second' }] }, part: 'second' },
    });
    expect(dependsOn).toEqual([parent.id]);
    expect(inputFrom).toMatchObject([{ path: '' }, { path: '/pages/1/text' }]);
  });

  test('two parents that finish at once start the child once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const parents = await Promise.all([stack.submit('noop', { echo: 1 }), stack.submit('noop', { echo: 2 })]);
      const child = await stack.submit('noop', {}, { dependsOn: parents.map((parent) => parent.id) });
      expect((await stack.ended(child.id)).state).toBe('succeeded');
      const moves = (await stack.events(child.id)).map((event) => event.to);
      expect(moves).toEqual(['blocked', 'queued', 'running', 'succeeded']);
    }
  });

  test('a job born after its parents have ended runs at once', async () => {
    const parent = await stack.submit('noop', { echo: 'early' });
    await stack.ended(parent.id);
    const child = await stack.submit('noop', { echo: { $output: { job: parent.id, path: '/echo' } } });
    expect((await stack.ended(child.id)).output).toEqual({ echo: 'early' });
  });

  test('a parent that fails fails its dependants, down to the last, and says which', async () => {
    const parent = await stack.submit('scripted', { exit: 65 });
    const child = await stack.submit('noop', {}, { dependsOn: [parent.id] });
    const grandchild = await stack.submit('noop', {}, { dependsOn: [child.id] });
    expect(await stack.ended(parent.id)).toMatchObject({ state: 'failed', error: { kind: 'invalid_input' } });
    for (const [id, of] of [
      [child.id, parent.id],
      [grandchild.id, child.id],
    ] as const) {
      const ended = await stack.ended(id);
      expect(ended).toMatchObject({ state: 'failed', error: { kind: 'dependency_failed' }, attempt: 0 });
      expect(ended.error?.message).toContain(of);
    }
  });

  test('an output that lacks what was asked for fails the dependant with the place', async () => {
    const parent = await stack.submit('noop', { echo: 1 });
    const child = await stack.submit('noop', { echo: { $output: { job: parent.id, path: '/nothing/there' } } });
    const ended = await stack.ended(child.id);
    expect(ended).toMatchObject({ state: 'failed', error: { kind: 'invalid_input' } });
    expect(ended.error?.message).toContain('/echo');
  });

  test('canceling a waiting job ends it, and its parent runs on', async () => {
    const parent = await stack.submit('noop', {});
    const child = await stack.submit('scripted', {}, { dependsOn: [parent.id] });
    const canceled = await stack.call('POST', `/v1/jobs/${child.id}/cancel`);
    expect([canceled.status, (await stack.ended(parent.id)).state]).toEqual([200, 'succeeded']);
    expect(['canceled', 'canceling']).toContain(canceled.body.state);
    expect((await stack.ended(child.id)).state).toBe('canceled');
  });
});
