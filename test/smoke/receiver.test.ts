import { afterAll, beforeEach, afterEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildReceiver } from '../../scripts/build/receiver.ts';
import { createReceiver, LIMITS, type ReceivedRequest } from '../../scripts/smoke/receiver.ts';
import { newFolder, removeFolders } from '../local/folder.ts';

afterAll(() => removeFolders());

let server: Server;
let url: string;
beforeEach(async () => {
  server = createReceiver();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const path = (n: number): string => `/${n.toString(16).padStart(32, '0')}`;
const post = async (to: string, body: string | Buffer = 'x', headers: Record<string, string> = {}): Promise<number> =>
  (await fetch(`${url}${to}`, { method: 'POST', body, headers })).status;
const kept = async (of: string): Promise<ReceivedRequest[]> =>
  ((await (await fetch(`${url}${of}`)).json()) as { items: ReceivedRequest[] }).items;

describe('the receiver', () => {
  test('keeps a body byte for byte, and the headers of its signature, and no other', async () => {
    const body = Buffer.from([0, 255, 10, 13, 128]);
    const headers = {
      'webhook-id': 'm1',
      'webhook-signature': 'v1,a',
      authorization: 'Bearer k',
      'content-type': 'a/b',
    };
    expect(await post(path(1), body, headers)).toBe(204);
    const [only, ...more] = await kept(path(1));
    expect(more).toEqual([]);
    expect(Buffer.from(only?.base64 ?? '', 'base64')).toEqual(body);
    expect(only?.headers).toEqual({
      'webhook-id': 'm1',
      'webhook-signature': 'v1,a',
      'content-type': 'a/b',
      'user-agent': expect.any(String),
    });
    expect(Math.abs(Date.now() - (only?.atMs ?? 0))).toBeLessThan(60_000);
  });

  test('shows what came to a path to who knows it, and nothing to others', async () => {
    await post(path(1), 'mine');
    expect(await kept(path(2))).toEqual([]);
    expect((await kept(path(1))).map(({ base64 }) => atob(base64))).toEqual(['mine']);
  });

  test.each([
    ['GET', '/'],
    ['POST', '/'],
    ['POST', '/short'],
    ['POST', `${path(1)}/more`],
    ['POST', path(1).replace(/0/g, 'A')],
    ['PUT', path(1)],
    ['DELETE', path(1)],
    ['GET', `${path(1)}?a=b`],
  ])('%s %s is not found', async (method, to) => {
    expect((await fetch(`${url}${to}`, { method })).status).toBe(404);
  });

  test('takes so many requests of a path and no more', async () => {
    for (let i = 0; i < LIMITS.requestsOfPath; i += 1) expect(await post(path(1), String(i))).toBe(204);
    expect(await post(path(1))).toBe(429);
    expect(await kept(path(1))).toHaveLength(LIMITS.requestsOfPath);
  });

  test('takes so many paths, and forgets the first for one more', async () => {
    for (let i = 0; i < LIMITS.paths; i += 1) await post(path(i));
    expect([(await kept(path(0))).length, (await kept(path(1))).length]).toEqual([1, 1]);
    await post(path(LIMITS.paths));
    const lengths = [0, 1, LIMITS.paths].map(async (n) => (await kept(path(n))).length);
    expect(await Promise.all(lengths)).toEqual([0, 1, 1]);
  });

  test('keeps nothing of a body that is too large, whether its length was said or not', async () => {
    expect(await post(path(1), 'x'.repeat(LIMITS.bodyBytes))).toBe(204);
    expect(await post(path(2), 'x'.repeat(LIMITS.bodyBytes + 1))).toBe(413);
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const chunk = 'x'.repeat(LIMITS.bodyBytes);
    const head = `POST ${path(2)} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`;
    socket.on('error', () => undefined);
    socket.write(`${head}${chunk.length.toString(16)}\r\n${chunk}\r\n1\r\nx\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
    expect(await kept(path(2))).toEqual([]);
  });

  test('drops who does not go on sending', () => {
    expect([server.requestTimeout, server.headersTimeout, server.timeout]).toEqual([10_000, 10_000, 10_000]);
  });

  test('leaves a connection open for longer than what stands in front of it', () => {
    expect(server.keepAliveTimeout).toBe(75_000);
  });
});

/** The receiver as built, with these options of Node. */
async function built(
  options: readonly string[],
  use: (at: string, child: ReturnType<typeof spawn>) => Promise<void>,
): Promise<unknown[]> {
  const out = newFolder();
  await buildReceiver(out);
  const child = spawn(process.execPath, [...options, 'main.mjs'], {
    cwd: join(out, 'receiver'),
    env: { PORT: '0', HOST: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  try {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    await use(`http://127.0.0.1:${line.split(' ').at(-1)}`, child);
  } finally {
    child.kill('SIGTERM');
  }
  return closed;
}

test('as built it is one program that needs nothing else, and ends when Cloud Run says so', async () => {
  const ended = await built([], async (at) => {
    expect((await fetch(`${at}${path(7)}`, { method: 'POST', body: 'built' })).status).toBe(204);
    expect(await (await fetch(`${at}${path(7)}`)).json()).toMatchObject({ items: [{ base64: btoa('built') }] });
  });
  expect(ended).toEqual([0, null]);
});

test('filled beyond its limits by anybody it stays within half of what it has, and forgets the first', async () => {
  const body = Buffer.alloc(LIMITS.bodyBytes, 1);
  const paths = Math.ceil((2 * LIMITS.allBytes) / (LIMITS.requestsOfPath * body.length));
  const ended = await built(['--max-old-space-size=48'], async (at, child) => {
    for (let n = 0; n < paths; n += 1) {
      const posts = Array.from({ length: LIMITS.requestsOfPath }, async () => {
        const { status } = await fetch(`${at}${path(n)}`, { method: 'POST', body });
        expect(status).toBe(204);
      });
      await Promise.all(posts);
    }
    const lengthOf = async (n: number): Promise<number> =>
      ((await (await fetch(`${at}${path(n)}`)).json()) as { items: unknown[] }).items.length;
    const asked = Array.from({ length: 20 }, (_, i) => lengthOf(paths - 1 - i));
    expect(new Set(await Promise.all(asked))).toEqual(new Set([LIMITS.requestsOfPath]));
    expect(await lengthOf(0)).toBe(0);
    const [, kiB = ''] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
    expect(Number(kiB)).toBeLessThan(256 * 1024);
  });
  expect(ended).toEqual([0, null]);
}, 60_000);
