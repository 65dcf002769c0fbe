import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JobResource } from '../../domain/contract/http.ts';
import { refs } from '../../domain/ports.ts';
import { move } from '../../domain/state.ts';
import { API_ROUTES } from '../../functions/api/routes.ts';
import { removeFolders } from '../local/folder.ts';
import { heldAgainst } from './contract.ts';
import { serveApi, type TestApi } from './serve-api.ts';

/** Answers of a running api, held against openapi.json: for each operation what it is for, and what it refuses. */
let api: TestApi;
let ended: JobResource;
let queued: JobResource;
let file = '';
const held = new Set<string>();

beforeAll(async () => {
  api = await serveApi();
  const submit = async (): Promise<JobResource> =>
    (await (await api.send('POST', '/v1/jobs', { body: JOB })).json()) as JobResource;
  [ended, queued] = [await submit(), await submit()];
  const read = await api.store.get(refs.job(ended.id));
  if (read === null) throw new Error('the job is not there');
  await api.store.commit(move(read, 'canceled', Date.now()));
});
afterAll(async () => {
  await api.stop();
  removeFolders();
});

const JOB = { model: 'slide-text', input: { text: 'hello' } };
const FILE = { contentType: 'text/plain', sizeBytes: 1, sha256: '0'.repeat(64) };
const NONE = '0'.repeat(26);

interface Sent {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** In this order: what is made by one is read by the next. The id of the ended job is `ENDED`, of the other `QUEUED`, of the file that was declared last `UPLOAD`. */
const ASKED: readonly (readonly [string, string, number, Sent?])[] = [
  ['POST', '/v1/jobs', 201, { body: JOB, headers: { 'idempotency-key': 'k', prefer: 'wait=1' } }],
  ['POST', '/v1/jobs', 200, { body: JOB, headers: { 'idempotency-key': 'k' } }],
  ['POST', '/v1/jobs', 422, { body: { ...JOB, input: { text: 'other' } }, headers: { 'idempotency-key': 'k' } }],
  ['POST', '/v1/jobs', 422, { body: { ...JOB, input: {} } }],
  ['POST', '/v1/jobs', 400, { body: '{' }],
  ['POST', '/v1/jobs', 415, { body: 'a', headers: { 'content-type': 'text/plain' } }],
  ['POST', '/v1/jobs', 401, { body: JOB, headers: { authorization: 'Bearer wrong' } }],
  ['POST', '/v1/jobs:plan', 200, { body: JOB }],
  ['POST', '/v1/jobs:plan', 422, { body: { ...JOB, model: 'none' } }],
  ['GET', '/v1/jobs?limit=1', 200],
  ['GET', '/v1/jobs?colour=red', 400],
  ['GET', '/v1/jobs/ENDED', 200, { headers: { prefer: 'wait=1' } }],
  ['GET', `/v1/jobs/${NONE}`, 404],
  ['GET', '/v1/jobs/ENDED/logs', 200, { headers: { prefer: 'wait=1' } }],
  ['GET', `/v1/jobs/${NONE}/logs`, 404],
  ['GET', '/v1/jobs/ENDED/events', 200, { headers: { accept: 'application/json' } }],
  ['GET', '/v1/jobs/ENDED/events', 200, { headers: { accept: 'text/event-stream' } }],
  ['GET', '/v1/jobs/ENDED/events', 204, { headers: { accept: 'text/event-stream', 'last-event-id': '2' } }],
  ['GET', `/v1/jobs/${NONE}/events`, 404],
  ['GET', '/v1/jobs/ENDED/explain', 200],
  ['GET', `/v1/jobs/${NONE}/explain`, 404],
  ['POST', '/v1/jobs/ENDED/tokens', 201],
  ['POST', `/v1/jobs/${NONE}/tokens`, 404],
  ['POST', '/v1/jobs/ENDED/retry', 201, { body: {}, headers: { 'idempotency-key': 'again' } }],
  ['POST', '/v1/jobs/ENDED/retry', 200, { body: {}, headers: { 'idempotency-key': 'again' } }],
  ['POST', '/v1/jobs/QUEUED/retry', 409],
  ['POST', '/v1/jobs/QUEUED/cancel', 200, { body: { dependants: 'cancel' } }],
  ['POST', `/v1/jobs/${NONE}/cancel`, 404],
  ['GET', '/v1/models', 200],
  ['GET', '/v1/models/form', 200],
  ['GET', '/v1/models/none', 404],
  ['POST', '/v1/tokens/firebase', 501],
  ['PUT', '/v1/tenants/lab', 201, { body: { title: 'Lab', limits: { queued: 1 } } }],
  ['PUT', '/v1/tenants/lab', 200, { body: { title: 'The lab', limits: { queued: 1 } } }],
  ['PUT', '/v1/tenants/lab', 422, { body: { title: 7 } }],
  ['GET', '/v1/tenants', 200],
  ['GET', '/v1/tenants/lab', 200],
  ['GET', '/v1/tenants/none', 404],
  ['POST', '/v1/tenants/lab/keys', 201, { body: { name: 'ci' } }],
  ['GET', '/v1/tenants/lab/keys', 200],
  ['DELETE', '/v1/tenants/lab/keys/none', 404],
  ['POST', '/v1/files', 201, { body: FILE, headers: { 'idempotency-key': 'f' } }],
  ['POST', '/v1/files', 200, { body: FILE, headers: { 'idempotency-key': 'f' } }],
  ['POST', '/v1/files', 422, { body: { ...FILE, sizeBytes: 0 } }],
  ['GET', '/v1/files/UPLOAD', 200],
  ['DELETE', '/v1/files/UPLOAD', 204],
  ['GET', '/v1/files/UPLOAD', 404],
  ['GET', '/v1/rejections', 200],
  ['GET', '/v1/health', 200],
  ['GET', '/openapi.json', 200],
  ['GET', '/openapi.json', 304, { headers: { 'if-none-match': '*' } }],
];

test.each(ASKED)('%s %s answers %i as it is described', async (method, url, status, sent = {}) => {
  const path = url.replace('ENDED', ended.id).replace('QUEUED', queued.id).replace('UPLOAD', file);
  const answer = await api.send(method, path, sent);
  if (url === '/v1/files' && status === 201) file = ((await answer.clone().json()) as { id: string }).id;
  const { at, faults } = await heldAgainst(method, path, answer);
  expect([answer.status, at, ...faults]).toEqual([status, at]);
  held.add(at);
});

test('a tenant whose queue is full, and a key of too narrow a scope, are refused as it is described', async () => {
  const { key } = (await (
    await api.send('POST', '/v1/tenants/lab/keys', { body: { name: 'two', scopes: ['submit'] } })
  ).json()) as { key: string };
  const headers = { authorization: `Bearer ${key}` };
  expect((await api.send('POST', '/v1/jobs', { body: JOB, headers })).status).toBe(201);
  for (const [method, path, sent, status] of [
    ['POST', '/v1/jobs', { body: JOB, headers }, 429],
    ['GET', '/v1/jobs', { headers }, 403],
  ] as const) {
    const { at, faults } = await heldAgainst(method, path, await api.send(method, path, sent));
    expect([at.endsWith(String(status)), ...faults]).toEqual([true]);
  }
});

test('that was every operation, as it answers where nothing is wrong', () => {
  const good = new Set([...held].filter((at) => / (2|501)/.test(at)).map((at) => at.split(' ')[0]));
  // A key is deleted with 204 and no body, and its id has to be known first.
  expect(API_ROUTES.map(({ operation }) => operation).filter((name) => !good.has(name))).toEqual(['deleteKey']);
});

test('what is not described is found', async () => {
  const job = { ...ended, state: 'sleeping' };
  const headers = { 'x-more': '1' };
  expect((await heldAgainst('GET', `/v1/jobs/${ended.id}`, Response.json(job, { headers }))).faults).toEqual([
    'the header x-more is not described',
    expect.stringContaining('/state must be equal to one of the allowed values'),
  ]);
  expect((await heldAgainst('GET', '/v1/jobs', Response.json({}, { status: 418 }))).faults).toHaveLength(1);
});
