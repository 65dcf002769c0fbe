import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, SlipwayError, type SlipwayClient } from '../../client/index.ts';
import { KEY, OTHER_KEY, serveApi, type TestApi } from '../api/serve-api.ts';
import { removeFolders } from '../local/folder.ts';
import { clientOf, fated } from './client-rig.ts';

let api: TestApi;
let client: SlipwayClient;
beforeAll(async () => {
  api = await serveApi();
  client = clientOf(api);
});
afterAll(async () => {
  await api.stop();
  removeFolders();
});

const JOB = { model: 'slide-text', input: { text: 'hello' } };
const failure = (call: Promise<unknown>): Promise<SlipwayError> =>
  call.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: SlipwayError) => error,
  );

test('a page can have it: it bundles for a browser, and brings nothing but itself', async () => {
  const { metafile, errors } = await build({
    absWorkingDir: join(import.meta.dirname, '../..'),
    entryPoints: ['client/index.ts'],
    bundle: true,
    platform: 'browser',
    write: false,
    metafile: true,
  });
  expect(errors).toEqual([]);
  expect(Object.keys(metafile.inputs).filter((file) => !/^client\/[^/]+$/.test(file))).toEqual([]);
});

test('every operation of openapi.json is a method', async () => {
  const document = JSON.parse(await readFile(join(import.meta.dirname, '../../openapi.json'), 'utf8')) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const operations = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  expect(operations.length).toBeGreaterThan(13);
  expect(operations.filter((name) => typeof client[name as keyof SlipwayClient] !== 'function')).toEqual([]);
});

describe('a job', () => {
  test('is made, read and canceled; a second cancel changes nothing', async () => {
    const made = await client.createJob({ ...JOB, metadata: { deck: '7' } });
    expect(made).toMatchObject({ model: 'slide-text', state: 'queued', metadata: { deck: '7' } });
    expect(await client.getJob(made.id)).toEqual(made);
    expect((await client.cancelJob(made.id)).state).toBe('canceled');
    expect((await client.cancelJob(made.id)).state).toBe('canceled');
  });

  test('is canceled with those that wait for it, where that is asked for', async () => {
    const { fetch, asked } = fated([]);
    const { id } = await client.createJob(JOB);
    expect(await clientOf(api, { fetch }).cancelJob(id, { dependants: 'cancel' })).toMatchObject({
      state: 'canceled',
      outcome: 'canceled',
    });
    expect(asked[0]?.body).toBe('{"dependants":"cancel"}');
  });

  test('is made once by one idempotency key, and another one by another', async () => {
    const [one, again] = [
      await client.createJob(JOB, { idempotencyKey: 'once' }),
      await client.createJob(JOB, { idempotencyKey: 'once' }),
    ];
    expect(again.id).toBe(one.id);
    expect((await client.createJob(JOB)).id).not.toBe(one.id);
  });

  test('lists go through all pages, or one at a time, and go on from a cursor', async () => {
    const other = clientOf(api, { key: OTHER_KEY });
    const made: string[] = [];
    for (let i = 0; i < 5; i += 1) made.unshift((await other.createJob(JOB)).id);
    const seen: string[] = [];
    for await (const { id } of other.listJobs({ state: 'queued', limit: 2 })) seen.push(id);
    expect(seen).toEqual(made);

    const sizes: number[] = [];
    for await (const { items } of other.listJobs({ limit: 2 }).pages()) sizes.push(items.length);
    expect(sizes).toEqual([2, 2, 1]);

    for await (const { next } of other.listJobs({ limit: 4 }).pages()) {
      const rest: string[] = [];
      for await (const { id } of other.listJobs({ cursor: next ?? '' })) rest.push(id);
      expect(rest).toEqual(made.slice(4));
      break;
    }
    for await (const job of other.listJobs({ model: 'form' })) throw new Error(`not a job of form: ${job.id}`);
  });

  test('can be shown by a token, which shows no other', async () => {
    const { id } = await client.createJob(JOB);
    const { token, job } = await client.createJobToken(id);
    expect(job).toBe(id);
    const browser = clientOf(api, { key: token });
    expect((await browser.getJob(id)).id).toBe(id);
    expect(await failure(browser.cancelJob(id))).toMatchObject({ status: 403, code: 'forbidden' });
  });
});

test('models say whether they can run here', async () => {
  const models = await client.listModels();
  expect(models.map(({ name, available }) => [name, available])).toEqual([
    ['folder', false],
    ['form', true],
    ['slide-text', true],
  ]);
  expect((await client.getModel('folder')).missing).toEqual([{ program: 'foldit', install: 'apt-get install foldit' }]);
});

test('tenants and keys are made, listed and taken away', async () => {
  expect(await client.putTenant('lab', { title: 'The lab' })).toMatchObject({ id: 'lab', title: 'The lab' });
  expect((await client.getTenant('lab')).title).toBe('The lab');
  const tenants: string[] = [];
  for await (const { id } of client.listTenants()) tenants.push(id);
  expect(tenants).toContain('lab');
  const { key, ...shown } = await client.createKey('lab', { name: 'ci', scopes: ['read'] });
  expect(await client.listKeys('lab')).toEqual([shown]);
  expect(await clientOf(api, { key }).listModels()).toHaveLength(3);
  await client.deleteKey('lab', shown.id);
  expect(await client.listKeys('lab')).toEqual([]);
});

describe('a refusal', () => {
  test('names each field at fault', async () => {
    const error = await failure(client.createJob({ model: 'form', input: { text: 'x', count: 0 } }));
    expect(error).toBeInstanceOf(SlipwayError);
    expect(error).toMatchObject({ name: 'SlipwayError', status: 422, code: 'invalid_input' });
    expect(error.errors.map(({ field }) => field)).toEqual(['/input/text', '/input/count']);
    expect(error.message).toBe(`422 invalid_input: ${error.detail}`);
  });

  test.each<[string, number, string, (client: SlipwayClient) => Promise<unknown>]>([
    ['a job that is none', 404, 'not_found', (its) => its.getJob('0'.repeat(26))],
    ['an id with a slash in it', 404, 'not_found', (its) => its.getJob('../models')],
    [
      'a stream of a job that is none',
      404,
      'not_found',
      (its) => its.followJob('0'.repeat(26))[Symbol.asyncIterator]().next(),
    ],
    ['a model that is none', 422, 'unknown_model', (its) => its.createJob({ model: 'nothing', input: {} })],
    ['listeners where there are none', 501, 'no_listeners', (its) => its.createFirebaseToken()],
    ['a tenant that is none', 404, 'not_found', (its) => its.listKeys('nobody')],
  ])('of %s is %i %s, after one try', async (_, status, code, call) => {
    const { fetch, asked } = fated([]);
    expect(await failure(call(clientOf(api, { fetch })))).toMatchObject({ status, code });
    expect(asked).toHaveLength(1);
  });

  test('has the key nowhere in it, whatever was answered or went wrong', async () => {
    const key = 'slw_very-secret-key';
    const echo = new Response(JSON.stringify({ code: 'internal', detail: `not ${key}`, errors: [] }), { status: 500 });
    const cause = new Error(`cannot send ${key}`);
    const fetches = [
      async () => echo,
      async () => Promise.reject(new TypeError('fetch failed', { cause })),
      async () => new Response(null, { status: 302, headers: { location: `https://x.example/?k=${key}` } }),
    ];
    for (const fetch of fetches) {
      const error = await failure(clientOf(api, { key, fetch }).getModel('form'));
      expect(`${String(error)} ${JSON.stringify(error)} ${error.stack ?? ''}`).not.toContain(key);
      expect(error.cause).toBeUndefined();
    }
    for (const bad of [`${key}\n`, '', 'a b']) {
      expect(() => createClient({ url: api.url, key: bad })).toThrow(/^key must be visible ASCII/);
    }
    expect(JSON.stringify(client)).not.toContain(KEY);
  });

  test.each([
    ['a page', () => new Response('<html>hello</html>'), 200, /not as Slipway does: no JSON/],
    ['a page that says no', () => new Response('<html>', { status: 404 }), 404, /HTTP 404, not as Slipway does\.$/],
    [
      'a way elsewhere',
      () => new Response(null, { status: 301, headers: { location: 'https://b.example/' } }),
      301,
      /leads to https:\/\/b\.example/,
    ],
  ])('of something that is no Slipway says so: %s', async (_, answer, status, says) => {
    const { fetch, asked } = fated([answer()]);
    const error = await failure(clientOf(api, { fetch }).listModels());
    expect(error).toMatchObject({ status, code: 'unexpected_answer', detail: expect.stringMatching(says) });
    expect(asked).toHaveLength(1);
  });

  test.each<[string, (its: SlipwayClient) => Promise<unknown>]>([
    ['{}', (its) => its.listModels()],
    ['{"items":{}}', (its) => its.listKeys('lab')],
    ['[]', (its) => its.getModel('form')],
    ['"hello"', (its) => its.getTenant('lab')],
    ['{"status":"ok"}', (its) => its.getJob('a')],
    ['{"id":"a"}', (its) => its.createJob(JOB)],
    ['null', (its) => its.cancelJob('a')],
    ['{"lines":[]}', (its) => its.listLogs('a')],
  ])('of something that answers JSON, but is no Slipway, says so: %s', async (text, call) => {
    const { fetch } = fated([new Response(text)]);
    expect(await failure(call(clientOf(api, { fetch })))).toMatchObject({
      status: 200,
      code: 'unexpected_answer',
      detail: expect.stringMatching(/not as Slipway does: JSON of something else/),
    });
  });

  test.each([
    ['"oops"', []],
    ['[null, 3, {"field": "/a"}, {"field": "/b", "message": "is wrong"}]', [{ field: '/b', message: 'is wrong' }]],
  ])('that is not written as it should be is read as far as it can be: %s', async (errors, expected) => {
    const fetch = async () =>
      new Response(`{"code":"invalid_input","detail":"no","errors":${errors}}`, { status: 422 });
    expect(await failure(clientOf(api, { fetch }).listModels())).toMatchObject({
      code: 'invalid_input',
      errors: expected,
    });
  });

  test.each(['.', '..', ''])('of an id that would lead elsewhere comes before any call: %j', async (id) => {
    const { fetch, asked } = fated([]);
    const its = clientOf(api, { fetch });
    const calls = [its.getJob(id), its.cancelJob(id), its.retryJob(id), its.getModel(id), its.deleteKey('lab', id)];
    for (const call of calls) await expect(call).rejects.toThrow(TypeError);
    for (const stream of [its.followJob(id), its.watch(id)]) {
      await expect(stream[Symbol.asyncIterator]().next()).rejects.toThrow(TypeError);
    }
    expect(asked).toEqual([]);
  });

  test.each(['', 'localhost:8080', 'ftp://x.example', 'http://user:pass@x.example'])(
    'of an address that can be none comes at once: %j',
    (url) => {
      expect(() => createClient({ url, key: KEY })).toThrow(/^url must/);
    },
  );
});

test('fetch is called as a function, as browsers insist, and has to be one', async () => {
  let calledOn = 'nothing';
  const fetch = function (this: unknown): Promise<Response> {
    calledOn = typeof this;
    return Promise.resolve(new Response('{"items":[]}'));
  };
  await clientOf(api, { fetch }).listModels();
  expect(calledOn).toBe('undefined');
  expect(() => clientOf(api, { fetch: undefined as never })).toThrow(/^fetch must be a function/);
});

test('an address below another path, with a slash at its end, is as good', async () => {
  const { fetch, asked } = fated([new Response('{"items":[]}')]);
  await createClient({ url: 'https://x.example/slipway/', key: KEY, fetch }).listModels();
  expect(asked[0]?.path).toBe('/slipway/v1/models');
});
