import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { SlipwayError } from '../../client/index.ts';
import type { FileResource } from '../../domain/contract/file-api.ts';
import { KEY, serveApi, type TestApi } from '../api/serve-api.ts';
import { removeFolders } from '../local/folder.ts';
import { clientOf, fated, type Fate, type Fated } from './client-rig.ts';

let api: TestApi;
beforeAll(async () => {
  api = await serveApi();
});
afterAll(async () => {
  await api.stop();
  removeFolders();
});

const BYTES = new Uint8Array([0, 1, 2, 255, 13, 10]);
const SHA256 = createHash('sha256').update(BYTES).digest('hex');
const read = (uri: string): Promise<FileResource> => clientOf(api).getFile(uri.replace('slipway:files/', ''));
const bytesOf = async ({ url }: FileResource): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(url ?? '')).arrayBuffer());

/** What was asked, by method, whom, and whether the key was with it. */
const told = ({ asked }: Fated): string[] =>
  asked.map(({ method, path, headers }) => {
    const whom = path.startsWith('/v1/') ? 'api' : 'storage';
    return `${method} ${whom}${headers.get('authorization') === `Bearer ${KEY}` ? ' with the key' : ''}`;
  });
const [POST, PUT, GET] = ['POST api with the key', 'PUT storage', 'GET api with the key'];

test('bytes and Blobs are declared by what they are, and put where the answer says, without the key', async () => {
  const world = fated([]);
  const client = clientOf(api, { fetch: world.fetch });
  const plain = await read(await client.uploadFile(BYTES));
  expect(plain).toMatchObject({ name: null, contentType: 'application/octet-stream', sizeBytes: 6, sha256: SHA256 });
  expect(await bytesOf(plain)).toEqual(BYTES);
  expect(told(world)).toEqual([POST, PUT]);

  const file = new File(['hello'], 'a.txt', { type: 'text/plain;charset=utf-8' });
  expect(await read(await client.uploadFile(file))).toMatchObject({ name: 'a.txt', contentType: 'text/plain' });
  const said = { name: 'b.md', contentType: 'text/markdown' };
  expect(await read(await client.uploadFile(file, said))).toMatchObject(said);
});

test.each<[string, readonly Fate[], readonly string[]]>([
  ['cannot be reached', ['through', 'fails before'], [POST, PUT, GET, PUT]],
  ['took the bytes, but its answer is lost', ['through', 'fails after'], [POST, PUT, GET]],
  ['has no time', ['through', new Response('', { status: 503 })], [POST, PUT, GET, PUT]],
  [
    'took the bytes while nobody could tell',
    ['through', 'fails after', new Response('', { status: 503 })],
    [POST, PUT, GET, GET],
  ],
])('where the storage %s, the bytes are there in the end, once', async (_, fates, asked) => {
  const world = fated(fates);
  const file = await read(await clientOf(api, { fetch: world.fetch }).uploadFile(BYTES));
  expect(await bytesOf(file)).toEqual(BYTES);
  expect(told(world)).toEqual(asked);
});

test('with one idempotency key it is one file, whose bytes are sent once', async () => {
  const world = fated([]);
  const client = clientOf(api, { fetch: world.fetch });
  const options = { idempotencyKey: 'deck-1' };
  expect(await client.uploadFile(BYTES, options)).toBe(await client.uploadFile(BYTES, options));
  expect(told(world)).toEqual([POST, PUT, POST]);
});

test.each<[string, number | null, Fate]>([
  ['unreachable', null, 'fails before'],
  ['unavailable', 503, new Response('', { status: 503 })],
  ['unexpected_answer', 403, new Response('', { status: 403 })],
])('a storage that will not have it is %s, and its address is not told', async (code, status, fate) => {
  const failing = fated([]);
  const client = clientOf(api, {
    fetch: async (input, init) =>
      init?.method === 'PUT' ? fated([fate]).fetch(input, init) : failing.fetch(input, init),
  });
  const error = await client.uploadFile(BYTES).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SlipwayError);
  expect(error).toMatchObject({ code, status });
  expect((error as SlipwayError).message).not.toMatch(/signature|http:/);
});

test('a file can be deleted, and its upload called off', async () => {
  const client = clientOf(api);
  const uri = await client.uploadFile(BYTES);
  await client.deleteFile(uri.replace('slipway:files/', ''));
  await expect(read(uri)).rejects.toMatchObject({ status: 404 });
  const signal = AbortSignal.abort(new Error('called off'));
  await expect(client.uploadFile(BYTES, { signal })).rejects.toThrow('called off');
});
