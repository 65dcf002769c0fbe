import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { JobResource, Problem } from '../../domain/contract/http.ts';
import { removeFolders } from '../local/folder.ts';
import { KEY, serveApi, type TestApi } from './serve-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await serveApi();
});
afterAll(async () => {
  await api.stop();
  removeFolders();
});

const GOOD = { model: 'slide-text', input: { text: 'hello' } };
const MISSING = 'aaaaaaaaaaaaaaaaaaaaaaaaaa';
const webhook = (url: string): object => ({ url, secret: `whsec_${Buffer.alloc(32).toString('base64')}` });
const deep = `{"model":"slide-text","input":{"text":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`;

async function mustStillAccept(): Promise<void> {
  const answer = await api.send('POST', '/v1/jobs', { body: GOOD });
  expect(answer.status).toBe(201);
  JobResource.parse(await answer.json());
}

async function expectProblem(answer: Response, status: number, code: string): Promise<Problem> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  const problem = Problem.parse(await answer.json());
  expect(problem).toMatchObject({ status, code, type: `urn:slipway:problem:${code}` });
  expect(answer.status).toBe(status);
  return problem;
}

describe('a bad body is refused by its kind, and the next request is served', () => {
  test.each<[string, unknown, number, string, string[]]>([
    ['not JSON', '{"model":', 400, 'invalid_json', ['']],
    ['empty', '', 400, 'invalid_json', ['']],
    ['depth 5 000', deep, 400, 'invalid_json', [`/input/text${'/0'.repeat(14)}`]],
    ['__proto__', '{"model":"slide-text","input":{"__proto__":{"x":1}}}', 400, 'invalid_json', ['/input/__proto__']],
    ['duplicate keys', '{"model":"slide-text","model":"form","input":{}}', 400, 'invalid_json', ['/model']],
    ['1e999', '{"model":"form","input":{"count":1e999}}', 400, 'invalid_json', ['/input/count']],
    ['an array', [], 422, 'invalid_input', ['']],
    ['null', null, 422, 'invalid_input', ['']],
    ['wrong types', { model: 7, input: 'x' }, 422, 'invalid_input', ['/model', '/input']],
    ['nothing that is needed', {}, 422, 'invalid_input', ['/model', '/input']],
    ['unknown fields', { ...GOOD, colour: 1, size: 2 }, 422, 'invalid_input', ['/colour', '/size']],
    ['an unknown priority', { ...GOOD, priority: 'urgent' }, 422, 'invalid_input', ['/priority']],
    ['unknown model', { ...GOOD, model: 'slide-txt' }, 422, 'unknown_model', ['/model']],
    ['a model named like a method', { ...GOOD, model: 'constructor' }, 422, 'unknown_model', ['/model']],
    ['a model that cannot run', { ...GOOD, model: 'folder' }, 422, 'model_unavailable', ['/model']],
    [
      'several schema violations',
      { model: 'form', input: { text: 'x', count: 0, kind: 'c', page: { url: 'no' }, more: 1 } },
      422,
      'invalid_input',
      ['/input/more', '/input/text', '/input/count', '/input/kind', '/input/page/url'],
    ],
    ['a missing field of the model', { model: 'form', input: { text: 'xx' } }, 422, 'invalid_input', ['/input/count']],
    ['a time above the limit', { ...GOOD, runTimeoutSeconds: 61 }, 422, 'invalid_input', ['/runTimeoutSeconds']],
    ['an unknown parent', { ...GOOD, dependsOn: [MISSING] }, 422, 'unknown_dependency', ['/dependsOn/0']],
    ['an id that is none', { ...GOOD, dependsOn: ['A'] }, 422, 'invalid_input', ['/dependsOn/0']],
    [
      'an output of an unknown job',
      { ...GOOD, input: { text: { $output: { job: MISSING, path: '' } } } },
      422,
      'unknown_dependency',
      ['/input/text/$output/job'],
    ],
    [
      'an output reference that is none',
      { ...GOOD, input: { text: { $output: { job: MISSING, path: 'a' } } } },
      422,
      'invalid_input',
      ['/input/text/$output/path'],
    ],
    [
      'a webhook to the metadata server',
      { ...GOOD, webhook: webhook('http://169.254.169.254/') },
      422,
      'webhook_refused',
      ['/webhook/url'],
    ],
    [
      'a weak secret',
      { ...GOOD, webhook: { url: 'https://a.io', secret: 'x' } },
      422,
      'invalid_input',
      ['/webhook/secret'],
    ],
  ])('%s', async (_, body, status, code, fields) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const problem = await expectProblem(await api.send('POST', '/v1/jobs', { body: text }), status, code);
    expect(new Set(problem.errors?.map((error) => error.field))).toEqual(new Set(fields));
    await mustStillAccept();
  });
});

describe('a bad header or parameter is named', () => {
  test.each<[string, string, string, Record<string, string>, number, string, string[] | undefined]>([
    ['no key', 'GET', '/v1/jobs', { authorization: '' }, 401, 'unauthenticated', undefined],
    ['an unknown key', 'GET', '/v1/jobs', { authorization: 'Bearer nope' }, 401, 'unauthenticated', undefined],
    ['another scheme', 'GET', '/v1/jobs', { authorization: `Basic ${KEY}` }, 401, 'unauthenticated', undefined],
    ['a bad cursor', 'GET', '/v1/jobs?cursor=zzz', {}, 400, 'invalid_request', ['cursor']],
    ['a bad limit', 'GET', '/v1/jobs?limit=1000', {}, 400, 'invalid_request', ['limit']],
    ['an unknown state', 'GET', '/v1/jobs?state=done', {}, 400, 'invalid_request', ['state']],
    ['an unknown parameter', 'GET', '/v1/jobs?colour=1', {}, 400, 'invalid_request', ['colour']],
    ['a parameter twice', 'GET', '/v1/jobs?limit=1&limit=2', {}, 400, 'invalid_request', ['limit']],
    ['no such address', 'GET', '/v2/jobs', {}, 404, 'not_found', undefined],
    ['no such job', 'GET', `/v1/jobs/${MISSING}`, {}, 404, 'not_found', undefined],
    ['an id that is none', 'GET', '/v1/jobs/%00..', {}, 404, 'not_found', undefined],
    ['no such model', 'GET', '/v1/models/nope', {}, 404, 'not_found', undefined],
    ['no such method', 'PUT', '/v1/jobs', {}, 405, 'method_not_allowed', undefined],
  ])('%s', async (_, method, path, headers, status, code, fields) => {
    const answer = await api.send(method, path, { headers });
    const problem = await expectProblem(answer, status, code);
    expect(problem.errors?.map((error) => error.field)).toEqual(fields);
    if (status === 401) expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    if (status === 405) expect(answer.headers.get('allow')).toBe('POST, GET');
  });

  test.each([
    ['wait=0', 'Prefer'],
    ['wait=61', 'Prefer'],
    ['respond-async, wait=soon', 'Prefer'],
    ['', 'Idempotency-Key'],
    ['a b', 'Idempotency-Key'],
    ['x'.repeat(256), 'Idempotency-Key'],
  ])('"%s" in %s', async (value, name) => {
    const answer = await api.send('POST', '/v1/jobs', { body: GOOD, headers: { [name]: value } });
    const problem = await expectProblem(answer, 400, 'invalid_request');
    expect(problem.errors?.map((error) => error.field)).toEqual([name]);
  });
});

describe('what headers tell is refused before a byte of the body is sent', () => {
  const head = (...lines: string[]): string =>
    ['POST /v1/jobs HTTP/1.1', 'Host: x', `Authorization: Bearer ${KEY}`, ...lines, '', ''].join('\r\n');
  const json = 'Content-Type: application/json';
  const noKey = `POST /v1/jobs HTTP/1.1\r\nHost: x\r\n${json}\r\nContent-Length: 10\r\n\r\n`;

  test.each([
    ['a body over the bound', head(json, 'Content-Length: 524289'), 413, 'body_too_large'],
    ['chunks', head(json, 'Transfer-Encoding: chunked'), 411, 'length_required'],
    ['no length', head(json), 411, 'length_required'],
    ['another type', head('Content-Type: text/plain', 'Content-Length: 10'), 415, 'unsupported_media_type'],
    ['no type', head('Content-Length: 10'), 415, 'unsupported_media_type'],
    ['another charset', head(`${json}; charset=utf-16`, 'Content-Length: 10'), 415, 'unsupported_media_type'],
    ['a packed body', head(json, 'Content-Encoding: gzip', 'Content-Length: 10'), 415, 'unsupported_media_type'],
    ['no key', noKey, 401, 'unauthenticated'],
    [
      'over the bound with 100-continue',
      head(json, 'Expect: 100-continue', 'Content-Length: 524289'),
      413,
      'body_too_large',
    ],
  ])('%s', async (_, request, status, code) => {
    const answer = await api.raw(request, `"code":"${code}"`);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain(`"code":"${code}"`);
    await mustStillAccept();
  });

  test('a client that sends its whole body before it reads gets the refusal', async () => {
    const size = 6 * 1024 * 1024;
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
      .setEncoding('utf8')
      .pause();
    const request = head(json, `Content-Length: ${size}`) + 'x'.repeat(size);
    await new Promise<void>((resolve, reject) => {
      socket.write(request, (error) => (error ? reject(error) : resolve()));
    });
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1.1 413 .*connection: close.*"code":"body_too_large"/is);
    await mustStillAccept();
  });

  test('100-continue is answered only where the body may come', async () => {
    const body = JSON.stringify(GOOD);
    const request = head(json, 'Expect: 100-continue', `Content-Length: ${body.length}`);
    const answer = await api.raw(request + body, '"version":1');
    expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 201 /);
  });

  test.each([
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['two lengths', head(json, 'Content-Length: 1', 'Content-Length: 2')],
    ['length and chunks', head(json, 'Content-Length: 1', 'Transfer-Encoding: chunked')],
    ['headers without end', `GET /v1/jobs HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`],
  ])('%s is a problem too', async (_, request) => {
    const answer = await api.raw(request);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('"code":"invalid_request"');
    await mustStillAccept();
  });
});
