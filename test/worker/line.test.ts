import { afterEach, describe, expect, test } from '@jest/globals';
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { openLine, type Line } from '../../gpu-job/line.ts';
import { tempFolder } from './harness.ts';

let server: Server;
let line: Line;
const sockets = new Set<Socket>();
afterEach(async () => {
  line.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  sockets.clear();
});

async function listening(one: Server): Promise<number> {
  server = one;
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function open(answer: RequestListener): Promise<string> {
  const url = `http://127.0.0.1:${await listening(createServer(answer))}`;
  line = openLine(url);
  return url;
}

const never = new AbortController().signal;
const echo: RequestListener = (request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (part: string) => (body += part));
  request.once('end', () => {
    const { method, url, headers } = request;
    response
      .writeHead(201)
      .end(JSON.stringify({ method, url, length: headers['content-length'], own: headers['x-own'], body }));
  });
};

describe('a line to the door', () => {
  test('posts and reads the whole answer, over a connection that it keeps', async () => {
    const url = await open(echo);
    for (const body of ['{"a":1}', 'größer'.repeat(50_000)]) {
      const { status, text } = await line.post(`${url}/claim`, { 'x-own': 'yes' }, body, never);
      expect(status).toBe(201);
      const length = String(Buffer.byteLength(body));
      expect(JSON.parse(text)).toEqual({ method: 'POST', url: '/claim', length, own: 'yes', body });
    }
    expect(sockets.size).toBe(1);
  });

  test('has calls under way side by side', async () => {
    const waiting: (() => void)[] = [];
    const url = await open((request, response) => {
      request.resume();
      waiting.push(() => response.end());
      if (waiting.length === 2) for (const go of waiting) go();
    });
    await Promise.all([line.post(url, {}, '1', never), line.post(url, {}, '2', never)]);
    expect(sockets.size).toBe(2);
  });

  test.each<[string, RequestListener]>([
    ['before an answer', (request) => request.socket.destroy()],
    [
      'within one',
      (request, response) =>
        response.writeHead(200, { 'content-length': 9 }).write('half', () => request.socket.destroy()),
    ],
  ])('that breaks %s fails the call, and the next goes through', async (_, breaks) => {
    let answer = breaks;
    const url = await open((request, response) => answer(request, response));
    await expect(line.post(url, {}, '{}', never)).rejects.toThrow();
    answer = echo;
    expect(await line.post(url, {}, '{}', never)).toMatchObject({ status: 201 });
  });

  test.each<[string, RequestListener]>([
    ['before it is answered', (request) => void request.resume()],
    ['within its answer', (_, response) => void response.writeHead(200).write('half')],
  ])('gives a call up %s', async (_, hangs) => {
    const url = await open(hangs);
    const stop = new AbortController();
    server.once('request', () => setImmediate(() => stop.abort()));
    await expect(line.post(url, {}, '{}', stop.signal)).rejects.toThrow();
    await expect(line.post(url, {}, '{}', stop.signal)).rejects.toThrow();
  });

  test('where nobody listens fails the call', async () => {
    const url = await open(echo);
    await new Promise((resolve) => server.close(resolve));
    await expect(line.post(url, {}, '{}', never)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('speaks TLS where the door does, and only to a door whose certificate is good', async () => {
    const folder = tempFolder();
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost'];
    execFileSync('openssl', [...made, '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    });
    const secure = createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) }, echo);
    const url = `https://localhost:${await listening(secure)}`;
    line = openLine(url);
    await expect(line.post(url, {}, '{}', never)).rejects.toThrow(/self-signed/);
    // Node reads further certificates at its start alone, so the good one is shown in a process of its own.
    const program = `import { openLine } from ${JSON.stringify(join(import.meta.dirname, '../../gpu-job/line.ts'))};
      const line = openLine(process.argv[1]);
      for (const n of [1, 2]) console.log((await line.post(process.argv[1], {}, String(n), new AbortController().signal)).status);
      line.close();`;
    const { promise, resolve } = Promise.withResolvers<string>();
    const env = { PATH: process.env['PATH'] ?? '', NODE_EXTRA_CA_CERTS: cert };
    execFile(process.execPath, ['--input-type=module', '-e', program, url], { env }, (error, stdout) =>
      resolve(error?.message ?? stdout),
    );
    expect(await promise).toBe('201\n201\n');
    expect(sockets.size).toBe(2);
  });
});
