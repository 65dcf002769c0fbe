import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { OutboundRequest, OutboundResponse } from '../../domain/ports.ts';
import { createHttp } from '../../host/http.ts';

const http = createHttp({ allowLoopback: true });
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function listen(handle: RequestListener): Promise<string> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const send = (url: string, options: Partial<OutboundRequest> = {}): Promise<OutboundResponse> =>
  http.send({ url, method: 'POST', headers: {}, body: '{}', timeoutMs: 20_000, maxResponseBytes: 1_024, ...options });

describe('outbound HTTP', () => {
  test.each([301, 302, 303, 307, 308])('does not follow a %i', async (status) => {
    let hits = 0;
    const target = await listen((_, response) => {
      hits += 1;
      response.end();
    });
    const url = await listen((_, response) => response.writeHead(status, { location: target }).end());
    expect((await send(url)).status).toBe(status);
    expect(hits).toBe(0);
  });

  test('keeps no more of an answer than asked for, and unpacks nothing', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
    const url = await listen((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    const { status, body } = await send(url);
    expect(status).toBe(200);
    expect(Buffer.from(body)).toEqual(bomb.subarray(0, 1_024));
  });

  test('gives up on an answer that comes a drop at a time', async () => {
    const url = await listen((_, response) => {
      response.writeHead(200, { 'content-length': 1_000 });
      const drip = setInterval(() => response.write('x'), 50);
      response.once('close', () => clearInterval(drip));
    });
    const before = Date.now();
    await expect(send(url, { timeoutMs: 400 })).rejects.toThrow('no complete answer within 400 ms');
    expect(Date.now() - before).toBeLessThan(3_000);
  });

  test('gives up on an answer that never comes', async () => {
    const url = await listen(() => undefined);
    await expect(send(url, { timeoutMs: 200 })).rejects.toThrow('no complete answer within 200 ms');
  });

  test('refuses huge headers', async () => {
    const url = await listen((_, response) => response.writeHead(200, { x: 'x'.repeat(100_000) }).end());
    await expect(send(url)).rejects.toMatchObject({ name: 'HttpFailure', message: 'UND_ERR_HEADERS_OVERFLOW' });
  });

  test('says what went wrong in a word', async () => {
    const url = await listen((request) => request.socket.destroy());
    await expect(send(url)).rejects.toMatchObject({ name: 'HttpFailure' });
    await expect(send('http://127.0.0.1:1024/')).rejects.toThrow('ECONNREFUSED');
  });

  test.each(['Host', 'Authorization', 'Metadata-Flavor', 'X-Google-Metadata', 'Connection', 'Transfer-Encoding'])(
    'does not send the header %s',
    async (name) => {
      let hits = 0;
      const url = await listen((_, response) => {
        hits += 1;
        response.end();
      });
      await expect(send(url, { headers: { [name]: 'x' } })).rejects.toThrow('may not be sent');
      await expect(send(url, { headers: { 'x-a': 'b\r\nHost: c' } })).rejects.toMatchObject({ name: 'HttpFailure' });
      expect(hits).toBe(0);
    },
  );

  test('keeps no connection', async () => {
    const url = await listen((request, response) => response.end(request.headers.connection));
    expect(Buffer.from((await send(url)).body).toString()).toBe('close');
  });
});
