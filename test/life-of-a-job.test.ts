import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { onEachEngine, type TestStack, testStack, UNHURRIED } from './stack/test-stack.ts';

/** Read this first: one job through every hop of a real stack. */
const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes ...').toString('base64')}`;

onEachEngine((engine) => {
  let stack: TestStack;
  let receiver: Server;
  const received: { type: string; data: { id: string; state: string; version: number } }[] = [];
  let onReceived = (): void => undefined;

  beforeAll(async () => {
    stack = await testStack({ engine, settings: UNHURRIED });
    receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        // Throws, and so answers nothing good, unless the signature fits.
        const verified = new Webhook(SECRET).verify(body, request.headers as Record<string, string>);
        received.push(verified as (typeof received)[number]);
        response.writeHead(204).end();
        onReceived();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    await stack.stop();
    await new Promise((resolve) => receiver.close(resolve));
  });

  test('a job is accepted, dispatched, run, settled and told of', async () => {
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
    const events = ['job.queued', 'job.started', 'job.succeeded'];
    const all = new Promise<void>((resolve) => {
      onReceived = () => received.length === events.length && resolve();
    });

    const accepted = await stack.call('POST', '/v1/jobs', {
      model: 'noop',
      input: { echo: { any: ['thing'] } },
      metadata: { deck: '7' },
      webhook: { url, secret: SECRET, events },
    });
    expect(accepted.status).toBe(201);
    expect(accepted.headers.get('location')).toBe(`/v1/jobs/${accepted.body.id}`);

    const job = await stack.ended(accepted.body.id);
    expect(job).toMatchObject({
      state: 'succeeded',
      attempt: 1,
      version: 3,
      output: { echo: { any: ['thing'] } },
      metadata: { deck: '7' },
    });
    expect(job.attempts).toMatchObject([{ attempt: 1, cold: true, outcome: 'succeeded' }]);
    expect(job.timing.bootSeconds).toBeGreaterThan(0);

    await all;
    const told = [...received].sort((a, b) => a.data.version - b.data.version);
    expect(told.map((event) => [event.type, event.data.id, event.data.version])).toEqual(
      events.map((type, i) => [type, job.id, i + 1]),
    );

    const timeline = await stack.events(job.id);
    expect(timeline.map((event) => [event.seq, event.from, event.to])).toEqual([
      [1, null, 'queued'],
      [2, 'queued', 'running'],
      [3, 'running', 'succeeded'],
    ]);
    await stack.sweep();
    expect((await stack.events(job.id)).every((event) => !event.open)).toBe(true);
    expect((await stack.ended(job.id)).cost).toMatchObject({ hardware: 'l4', verified: false });
  });

  test('the next job finds the worker warm', async () => {
    const first = await stack.submit('noop');
    await stack.ended(first.id);
    const second = await stack.ended((await stack.submit('noop')).id);
    expect(second.attempts).toMatchObject([{ cold: false, outcome: 'succeeded' }]);
    expect(second.timing.bootSeconds).toBeNull();
  });
});
