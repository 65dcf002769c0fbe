import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { startBlobs, type LocalBlobs } from '../../local/blobs.ts';
import { describeBlobs } from '../ports/describe-blobs.ts';
import { capturedLog } from './capture-log.ts';
import { newFolder, removeFolders } from './folder.ts';
import { manualClock } from './manual-clock.ts';

const started: LocalBlobs[] = [];
afterEach(() => Promise.all(started.splice(0).map((blobs) => blobs.stop())));
afterAll(removeFolders);

async function start(folder = join(newFolder(), 'blobs'), clock = manualClock(1_000_000)) {
  const blobs = await startBlobs({ folder, key: 'test key', clock, random: systemRandom, log: capturedLog() });
  started.push(blobs);
  return { blobs, folder, clock };
}

describeBlobs('files', async () => {
  const blobs = await startBlobs({
    folder: join(newFolder(), 'blobs'),
    key: 'test key',
    clock: systemClock,
    random: systemRandom,
    log: capturedLog(),
  });
  return { blobs, close: () => blobs.stop() };
});

const terms = { contentType: 'text/html', sizeBytes: 3, expiresInMs: 1_000 };

test('a signed address is good until its expiry and no longer', async () => {
  const { blobs, clock } = await start();
  const to = await blobs.signUpload('a/b', terms);
  const late = await blobs.signUpload('a/c', terms);
  clock.set(clock.nowMs() + 999);
  expect((await fetch(to.url, { method: 'PUT', headers: to.headers, body: 'abc' })).status).toBe(200);
  clock.set(clock.nowMs() + 1);
  expect((await fetch(late.url, { method: 'PUT', headers: late.headers, body: 'abc' })).status).toBe(403);
  const from = await blobs.signDownload('a/b', { expiresInMs: 1_000 });
  clock.set(clock.nowMs() + 1_000);
  expect((await fetch(from)).status).toBe(403);
  expect((await fetch(from.replace(/expires=\d+/, `expires=${clock.nowMs() + 9_999}`))).status).toBe(403);
});

test('a page that a model wrote is saved, never run', async () => {
  const { blobs } = await start();
  const to = await blobs.signUpload('a/page.html', terms);
  await fetch(to.url, { method: 'PUT', headers: to.headers, body: 'abc' });
  const { headers } = await fetch(await blobs.signDownload('a/page.html', { expiresInMs: 1_000 }));
  expect(headers.get('content-disposition')).toBe('attachment; filename="page.html"');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
});

test.each([
  '',
  '/a',
  'a/',
  'a//b',
  '..',
  '../a',
  'a/../../b',
  'a/.',
  '.a',
  'a/..%2fb',
  'a=',
  'a\\b',
  'a b',
  'a\n',
  'ä',
  'a?b',
  'x'.repeat(201),
])('no address is signed for the path %j, and no size told', async (path) => {
  const { blobs } = await start();
  await expect(blobs.signUpload(path, terms)).rejects.toThrow(TypeError);
  await expect(blobs.signDownload(path, { expiresInMs: 1_000 })).rejects.toThrow(TypeError);
  await expect(blobs.size(path)).rejects.toThrow(TypeError);
});

/** Sends a path as it is: fetch would tidy it up. */
function raw(url: string, method: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request(
      { hostname, port, method, path, headers: method === 'PUT' ? { 'content-length': 0 } : {} },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    sent.once('error', reject);
    sent.end();
  });
}

test.each([
  '/../secret',
  '/..%2fsecret',
  '/a/..%2f..%2fsecret',
  '/%2e%2e/secret',
  '//etc/passwd',
  '/a/b%00',
  '/=unfinished',
  '*',
  '/a/%62',
])('a request for %s gets 403, with the signature of another blob too', async (path) => {
  const { blobs, folder } = await start();
  writeFileSync(join(folder, '../secret'), 'abc');
  const url = await blobs.signDownload('a/b', { expiresInMs: 1_000 });
  for (const method of ['GET', 'PUT']) {
    expect(await raw(url, method, path)).toBe(403);
    expect(await raw(url, method, `${path}${new URL(url).search}`)).toBe(403);
  }
});

test('other methods get 405, a body of unknown length 411', async () => {
  const { blobs } = await start();
  const to = await blobs.signUpload('a/b', terms);
  expect((await fetch(to.url, { method: 'DELETE' })).status).toBe(405);
  const body = new Blob(['abc']).stream();
  const chunked = await fetch(to.url, {
    method: 'PUT',
    headers: { 'content-type': 'text/html' },
    body,
    duplex: 'half',
  });
  expect(chunked.status).toBe(411);
});

test('an upload that breaks off leaves nothing, and can be made again', async () => {
  const { blobs, folder } = await start();
  const to = await blobs.signUpload('a/b', { ...terms, sizeBytes: 10 });
  const { port, pathname, search } = new URL(to.url);
  const unfinished = join(folder, '=unfinished');
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    `PUT ${pathname}${search} HTTP/1.1\r\nhost: x\r\ncontent-type: text/html\r\ncontent-length: 10\r\n\r\nabc`,
  );
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await new Promise(setImmediate);
  };
  await until(() => readdirSync(unfinished).length === 1);
  socket.destroy();
  await until(() => readdirSync(unfinished).length === 0);
  expect(await blobs.size('a/b')).toBeNull();
  expect((await fetch(to.url, { method: 'PUT', headers: to.headers, body: '0123456789' })).status).toBe(200);
});

test('blobs outlive a restart, half-finished uploads do not; files are for their owner alone', async () => {
  const { blobs, folder } = await start();
  const to = await blobs.signUpload('a/b.txt', terms);
  await fetch(to.url, { method: 'PUT', headers: to.headers, body: 'abc' });
  mkdirSync(join(folder, '=unfinished/left'));
  await blobs.stop();
  await blobs.stop();
  const again = await start(folder);
  expect(readdirSync(join(folder, '=unfinished'))).toEqual([]);
  expect(await again.blobs.size('a/b.txt')).toBe(3);
  const file = join(folder, 'a/b.txt=/b.txt');
  expect(readFileSync(file, 'utf8')).toBe('abc');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o700);
  const from = await again.blobs.signDownload('a/b.txt', { expiresInMs: 1_000 });
  expect((await fetch(from)).headers.get('content-type')).toBe('text/html');
});

test('a blob may stand where another blob has its folder', async () => {
  const { blobs } = await start();
  for (const path of ['a', 'a/b', 'a/b/c']) {
    const to = await blobs.signUpload(path, terms);
    expect((await fetch(to.url, { method: 'PUT', headers: to.headers, body: 'abc' })).status).toBe(200);
  }
  expect(await Promise.all(['a', 'a/b', 'a/b/c', 'a/c'].map((path) => blobs.size(path)))).toEqual([3, 3, 3, null]);
});
