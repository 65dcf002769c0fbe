import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onEachEngine, type TestStack, testStack, UNHURRIED } from '../stack/test-stack.ts';

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes ...').toString('base64')}`;
onEachEngine((engine) => {
  let stack: TestStack;
  let receiver: Server;
  const told: string[] = [];

  beforeAll(async () => {
    // Every message and every trigger is lost.
    stack = await testStack({ engine, settings: UNHURRIED, plan: () => [] });
    receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        told.push((JSON.parse(body) as { data: { id: string } }).data.id);
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await stack.stop();
    await new Promise((resolve) => receiver.close(resolve));
  });

  test('with every event lost, sweep alone finishes and settles everything', async () => {
    const webhook = { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`, secret: SECRET };
    const parent = await stack.submit('noop', { echo: 'from the parent' }, { webhook });
    const child = await stack.submit('noop', { echo: { $output: { job: parent.id, path: '/echo' } } }, { webhook });
    expect(child).toMatchObject({ state: 'blocked', blocked: { reason: 'dependency' } });

    await stack.sweep(); // finds the queue, starts a worker
    expect((await stack.ended(parent.id)).state).toBe('succeeded');
    await stack.sweep(); // settles the parent: its webhook is owed, its dependant queued
    await stack.sweep(); // finds the webhook, and the queue again, should the worker have gone meanwhile
    expect(await stack.ended(child.id)).toMatchObject({ state: 'succeeded', output: { echo: 'from the parent' } });
    await stack.sweep(); // settles the child
    await stack.sweep(); // finds its webhook

    expect(told.toSorted()).toEqual([parent.id, child.id].toSorted());
    const open = await stack.store.count('openEvents', { open: true }, 10);
    const owed = await stack.store.count('deliveriesDue', { state: 'pending' }, 10);
    expect({ open, owed }).toEqual({ open: 0, owed: 0 });
  });
});
