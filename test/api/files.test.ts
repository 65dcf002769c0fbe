import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { FileResource } from '../../domain/contract/file-api.ts';
import type { JobResource, Problem } from '../../domain/contract/http.ts';
import { Model, type Catalogue } from '../../domain/contract/model.ts';
import { create, refs } from '../../domain/ports.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../domain/time.ts';
import { removeFile } from '../../functions/steps/remove-file.ts';
import { inputFilesOf } from '../../functions/worker/input-files.ts';
import { systemClock } from '../../host/clock.ts';
import { removeFolders } from '../local/folder.ts';
import { CATALOGUE, OTHER_KEY, serveApi, type TestApi } from './serve-api.ts';

const BYTES = Buffer.from('%PDF-1.7 a deck');
const SHA256 = createHash('sha256').update(BYTES).digest('hex');
const DECK = { name: 'Q3 review.pdf', contentType: 'application/pdf', sizeBytes: BYTES.length, sha256: SHA256 };
const OTHER = { authorization: `Bearer ${OTHER_KEY}` };
const NOBODY = '00000000000000000000000000';
const MANY = Array.from({ length: 51 }, (_, n) => `slipway:files/${String(n).padStart(26, '0')}`);

const reader = Model.parse({
  name: 'reader',
  title: 'A reader',
  description: 'For tests.',
  pool: 'pool',
  runner: { kind: 'command', program: 'node' },
  input: {
    type: 'object',
    additionalProperties: false,
    properties: {
      document: { type: 'string', format: 'uri', contentMediaType: 'application/pdf' },
      pages: { type: 'array', items: { type: 'string', format: 'uri', contentMediaType: 'image/*' } },
      any: { type: 'array', items: { type: 'string', contentMediaType: '*/*' } },
      note: { type: 'string' },
    },
  },
  output: { type: 'object' },
});
const catalogue: Catalogue = {
  ...CATALOGUE,
  models: new Map([...CATALOGUE.models, ['reader', { model: reader, missing: [] }]]),
};

let api: TestApi;
/** How far the api's clock, which is the store's too, is ahead; a store's never goes back. */
let aheadMs = 0;
beforeAll(async () => {
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
  api = await serveApi(({ settings }) => ({ catalogue, settings: { ...settings, maxJobFileBytes: 40 } }), clock);
});
afterAll(async () => {
  await api.stop();
  removeFolders();
});

type Headers = Record<string, string>;
const declare = (body: object = DECK, headers: Headers = {}): Promise<Response> =>
  api.send('POST', '/v1/files', { body, headers });
const fileOf = async (response: Response | Promise<Response>): Promise<FileResource> =>
  (await (await response).json()) as FileResource;
const get = (id: string, headers: Headers = {}): Promise<Response> => api.send('GET', `/v1/files/${id}`, { headers });
const remove = (id: string, headers: Headers = {}): Promise<Response> =>
  api.send('DELETE', `/v1/files/${id}`, { headers });
const put = async ({ upload }: FileResource, body: Buffer = BYTES): Promise<number> =>
  (await fetch(upload?.url ?? '', { method: 'PUT', headers: upload?.headers ?? {}, body: new Uint8Array(body) }))
    .status;
/** A file with its bytes there. */
async function uploaded(body: object = DECK, headers: Headers = {}): Promise<FileResource> {
  const file = await fileOf(declare(body, headers));
  expect(await put(file)).toBe(200);
  return file;
}

describe('a file', () => {
  test('is declared, uploaded by its address, shown, downloaded and deleted', async () => {
    const response = await declare();
    const file = await fileOf(response);
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`/v1/files/${file.id}`);
    expect(file).toMatchObject({ ...DECK, uri: `slipway:files/${file.id}`, uploaded: false, url: null });
    expect(file.upload).toMatchObject({ method: 'PUT', headers: { 'content-type': 'application/pdf' } });
    expect(Date.parse(file.expiresAt) - Date.parse(file.createdAt)).toBe(40 * DAY);

    expect((await fileOf(get(file.id))).uploaded).toBe(false);
    expect(await put(file)).toBe(200);
    expect(await put(file)).toBe(412);
    const there = await fileOf(get(file.id));
    expect(there).toMatchObject({ uploaded: true, upload: null });
    expect(Buffer.from(await (await fetch(there.url ?? '')).arrayBuffer())).toEqual(BYTES);

    expect((await remove(file.id)).status).toBe(204);
    expect((await get(file.id)).status).toBe(404);
    expect((await remove(file.id)).status).toBe(404);
    expect((await fetch(there.url ?? '')).status).toBe(404);
  });

  test('has no upload of another size or type than was declared', async () => {
    const file = await fileOf(declare());
    const upload = file.upload && { ...file.upload, headers: { 'content-type': 'application/pdf' } };
    expect(await put({ ...file, upload }, Buffer.from('longer than what was declared'))).toBe(403);
    expect(await put({ ...file, upload: upload && { ...upload, headers: { 'content-type': 'text/html' } } })).toBe(403);
    expect((await fileOf(get(file.id))).uploaded).toBe(false);
  });

  test('is made once for a key and body, which give an address to upload to again; another body is refused', async () => {
    const key = { 'idempotency-key': 'deck-7' };
    const first = await fileOf(declare(DECK, key));
    const again = await declare(DECK, key);
    expect(again.status).toBe(200);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const replayed = await fileOf(again);
    expect(replayed.id).toBe(first.id);
    expect(await put(replayed)).toBe(200);
    expect(await fileOf(declare(DECK, key))).toMatchObject({ id: first.id, uploaded: true, upload: null });
    expect((await declare({ ...DECK, sizeBytes: 1 }, key)).status).toBe(422);
    expect((await fileOf(declare(DECK, { ...key, ...OTHER }))).id).not.toBe(first.id);
    expect((await fileOf(declare())).id).not.toBe(first.id);
    await remove(first.id);
    expect(((await (await declare(DECK, key)).json()) as Problem).code).toBe('idempotency_key_reused');
  });

  test.each<[string, object, string]>([
    ['no sha256', { sha256: undefined }, '/sha256'],
    ['a sha256 in capitals', { sha256: SHA256.toUpperCase() }, '/sha256'],
    ['no bytes', { sizeBytes: 0 }, '/sizeBytes'],
    ['too many bytes', { sizeBytes: 1024 ** 3 + 1 }, '/sizeBytes'],
    ['a type that is none', { contentType: 'pdf' }, '/contentType'],
    ['a type with parameters', { contentType: 'text/plain; charset=utf-8' }, '/contentType'],
    ['a path for a name', { name: '../deck.pdf' }, '/name'],
    ['a line break in its name', { name: 'a\nb' }, '/name'],
    ['an unknown field', { path: 'files/x' }, '/path'],
  ])('with %s is refused, naming the field', async (_, change, field) => {
    const response = await declare({ ...DECK, ...change });
    expect(response.status).toBe(422);
    expect(((await response.json()) as Problem).errors?.map((error) => error.field)).toEqual([field]);
  });

  test('is made anew for a key whose file has come to its end, and has no address for less than some seconds', async () => {
    const key = { 'idempotency-key': 'deck-8' };
    const first = await uploaded(DECK, key);
    const before = (await api.store.get(refs.file(first.id)))?.data;
    aheadMs += 40 * DAY - SECOND;
    const later = await declare(DECK, key);
    expect(later.status).toBe(201);
    const file = await fileOf(later);
    expect(file).toMatchObject({ id: first.id, uploaded: false });
    expect(Date.parse(file.expiresAt) - Date.parse(file.createdAt)).toBe(40 * DAY);
    expect(Date.parse(file.upload?.expiresAt ?? '') - Date.parse(file.createdAt)).toBeGreaterThanOrEqual(15 * MINUTE);
    expect(await api.deps.blobs.size(before?.path ?? '')).toBeNull();
    expect(await put(file)).toBe(200);

    aheadMs += 40 * DAY + SECOND;
    expect((await declare({ ...DECK, sizeBytes: 1 }, key)).status).toBe(201);
  });

  test('has its type in lower case, whoever declares it', async () => {
    expect((await fileOf(declare({ ...DECK, contentType: 'Application/PDF' }))).contentType).toBe('application/pdf');
  });

  test('is nobody else’s: another tenant is told the same as of one that never was (case 37)', async () => {
    const file = await uploaded();
    for (const ask of [get, remove]) {
      const [foreign, missing] = [await ask(file.id, OTHER), await ask(NOBODY, OTHER)];
      expect([foreign.status, missing.status]).toEqual([404, 404]);
      const detail = ((await foreign.json()) as Problem).detail.replace(file.id, NOBODY);
      expect(detail).toBe(((await missing.json()) as Problem).detail);
    }
    expect((await fileOf(get(file.id))).uploaded).toBe(true);
  });
});

test('a key that only reads gets files shown, and nothing to upload to', async () => {
  const key = 'slw_only-reads';
  const hash = createHash('sha256').update(key).digest('hex');
  await api.store.commit([create(refs.key(hash), { schema: 1, tenant: 'acme', createdAtMs: 0, scopes: ['read'] })]);
  const reads = { authorization: `Bearer ${key}` };
  const file = await fileOf(declare());
  expect(await fileOf(get(file.id, reads))).toMatchObject({ id: file.id, uploaded: false, upload: null, url: null });
  expect((await declare(DECK, reads)).status).toBe(403);
  expect((await remove(file.id, reads)).status).toBe(403);
});

describe('a job', () => {
  type Reply = JobResource & Problem;
  const post = async (path: string, body: object, headers: Headers = {}): Promise<Reply & { status: number }> => {
    const response = await api.send('POST', path, { body, headers });
    return { ...((await response.json()) as Reply), status: response.status };
  };
  const submit = (input: object, more: object = {}) => post('/v1/jobs', { model: 'reader', input, ...more });

  test('takes files where its model asks for them, and elsewhere has text that looks like one', async () => {
    const file = await uploaded();
    const job = await submit({ document: file.uri, any: [file.uri], note: 'slipway:files/x' });
    expect(job.status).toBe(201);
    const stored = (await api.store.get(refs.job(job.id)))?.data;
    if (stored === undefined) throw new Error('not stored');
    const files = await inputFilesOf(api.deps, stored);
    expect(files).toMatchObject([{ uri: file.uri, sha256: SHA256, sizeBytes: 15, contentType: 'application/pdf' }]);
    expect(Buffer.from(await (await fetch(files?.[0]?.url ?? '')).arrayBuffer())).toEqual(BYTES);
    // What another job's output may have brought into an input, and what was made since by the key of a deleted one.
    const others = [{ tenant: 'other' }, { createdAtMs: 0 }].map((more) => ({ ...stored, ...more }));
    for (const other of others) expect(await inputFilesOf(api.deps, other)).toEqual([]);
    for (const any of [['slipway:files/x'], MANY])
      expect(await inputFilesOf(api.deps, { ...stored, input: { any } })).toEqual([]);
    expect(await inputFilesOf(api.deps, { ...stored, input: { any: [] } })).toBeNull();
  });

  test('is refused with all that stands against its files, each at its place, in the same words for a stranger’s', async () => {
    const [mine, theirs] = [await uploaded(), await uploaded(DECK, OTHER)];
    const empty = await fileOf(declare());
    const input = {
      document: `slipway:files/${NOBODY}`,
      pages: [theirs.uri, mine.uri, 'slipway:files/../x'],
      any: [empty.uri],
    };
    const errors = [
      { field: '/input/document', message: `there is no file slipway:files/${NOBODY}` },
      { field: '/input/pages/0', message: `there is no file ${theirs.uri}` },
      { field: '/input/pages/1', message: `${mine.uri} is application/pdf, but image/* is wanted` },
      { field: '/input/pages/2', message: 'is no address of a file: one is like slipway:files/<its id>' },
      { field: '/input/any/0', message: `${empty.uri} has not been uploaded yet` },
    ];
    expect(await submit(input)).toMatchObject({ status: 422, code: 'invalid_input', errors });
    expect(await post('/v1/jobs:plan', { model: 'reader', input })).toMatchObject({ status: 422, errors });
  });

  test('may take any type where the file has none in particular', async () => {
    const file = await uploaded({ ...DECK, contentType: 'application/octet-stream' });
    expect((await submit({ document: file.uri })).status).toBe(201);
  });

  test('takes so many files and bytes at most, of which one is counted once', async () => {
    const [a, b, c] = [await uploaded(), await uploaded(), await uploaded()];
    expect((await submit({ any: [a.uri, b.uri, a.uri, b.uri] })).status).toBe(201);
    expect(await submit({ any: [a.uri, b.uri, c.uri] })).toMatchObject({
      status: 422,
      errors: [{ field: '/input', message: 'names files of 45 bytes; at most 40 are taken' }],
    });
    expect(await submit({ any: MANY })).toMatchObject({
      status: 422,
      errors: [{ field: '/input', message: 'names 51 files; at most 50 are taken' }],
    });
  });

  test('waits for no file that may have ended before it runs: it is refused, and a new one is good for the longest wait', async () => {
    const old = await uploaded();
    aheadMs += 10 * DAY;
    const notBefore = new Date(systemClock.nowMs() + aheadMs + 29.9 * DAY).toISOString();
    const last = { notBefore, startDeadlineSeconds: 604_800 };
    expect((await submit({ document: old.uri })).status).toBe(201);
    expect(await submit({ document: old.uri }, last)).toMatchObject({
      status: 422,
      errors: [{ field: '/input/document', message: expect.stringMatching(/ends at .*: upload it anew$/) }],
    });
    expect((await submit({ document: (await uploaded()).uri }, last)).status).toBe(201);
  });

  test('is not done again once its file is gone', async () => {
    const file = await uploaded();
    const { id } = await submit({ document: file.uri });
    await api.send('POST', `/v1/jobs/${id}/cancel`);
    await remove(file.id);
    expect(await post(`/v1/jobs/${id}/retry`, {})).toMatchObject({
      status: 422,
      errors: [{ field: '/input/document', message: `there is no file ${file.uri}` }],
    });
  });
});

describe('the removal of files', () => {
  const stored = (id: string) => api.store.get(refs.file(id));

  test('takes what was sent to one after it was deleted, once no more can come, which may take hours', async () => {
    const file = await fileOf(declare());
    const path = (await stored(file.id))?.data.path ?? '';
    await remove(file.id);
    expect(await put(file)).toBe(200);
    await removeFile(api.deps, file.id);
    expect(await api.deps.blobs.size(path)).toBe(BYTES.length);
    aheadMs += 16 * MINUTE;
    expect(await put(file)).toBe(403);
    await removeFile(api.deps, file.id);
    expect(await api.deps.blobs.size(path)).toBe(BYTES.length);
    aheadMs += 6 * HOUR;
    await removeFile(api.deps, file.id);
    expect([await stored(file.id), await api.deps.blobs.size(path)]).toEqual([null, null]);
  });

  test('leaves one whose time is not over, and takes blob and document of one whose time is; any number of times', async () => {
    const file = await uploaded();
    const path = (await stored(file.id))?.data.path ?? '';
    await removeFile(api.deps, file.id);
    expect(await api.deps.blobs.size(path)).toBe(BYTES.length);
    aheadMs += 40 * DAY + MINUTE;
    expect((await get(file.id)).status).toBe(404);
    await removeFile(api.deps, file.id);
    await removeFile(api.deps, file.id);
    expect([await stored(file.id), await api.deps.blobs.size(path)]).toEqual([null, null]);
  });
});
