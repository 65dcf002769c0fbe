import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { httpHandler } from '../../functions/http/answer.ts';
import { capturedLog, type CapturedLog } from '../local/capture-log.ts';

let server: Server;
let log: CapturedLog;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** A server that answers with this stream. */
async function serve(streamOf: (gone: AbortSignal) => AsyncIterable<string>): Promise<string> {
  log = capturedLog();
  const headers = { 'content-type': 'text/plain' };
  const handler = httpHandler(log, async (_, gone) => ({ status: 200, headers, stream: streamOf(gone) }));
  server = createServer((request, response) => void handler(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a streamed answer', () => {
  test('goes out bit by bit, its headers before its first bit', async () => {
    const gate = Promise.withResolvers<string>();
    const url = await serve(async function* () {
      yield await gate.promise;
      yield 'two';
    });
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([200, 'text/plain', 'no-store']); // prettier-ignore
    gate.resolve('one ');
    expect(await answer.text()).toBe('one two');
  });

  test('is made no faster than it is read', async () => {
    const chunk = 'x'.repeat(1_024 * 1_024);
    let made = 0;
    const url = await serve(async function* () {
      for (; made < 1_000; made += 1) yield chunk;
    });
    const answering = once(server, 'request');
    const socket = connect(Number(new URL(url).port), '127.0.0.1').pause();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await answering;
    // Time enough to make all of them: each takes no more than a turn of the event loop.
    for (let turn = 0; turn < 2_000; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(100);
    socket.destroy();
  });

  test('that fails has no end, so that its client knows, and the failure is logged', async () => {
    const url = await serve(async function* () {
      yield 'one';
      await Promise.resolve();
      throw new Error('lost the thread');
    });
    const answer = await fetch(url);
    await expect(answer.text()).rejects.toThrow('terminated');
    const line = await log.line(({ level }) => level === 'error');
    expect(line.message).toBe('answer broken off');
    expect(line.fields['error']).toContain('lost the thread');
  });

  test('is told that its client has hung up, and ends what it holds', async () => {
    const ended = Promise.withResolvers<void>();
    const url = await serve(async function* (gone) {
      try {
        yield 'one';
        await once(gone, 'abort');
      } finally {
        ended.resolve();
      }
    });
    const hangUp = new AbortController();
    const answer = await fetch(url, { signal: hangUp.signal });
    await answer.body?.getReader().read();
    hangUp.abort();
    await ended.promise;
    expect(log.lines).toEqual([]);
  });
});
