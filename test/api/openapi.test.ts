import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { PROBLEMS } from '../../domain/errors.ts';
import { API_ROUTES } from '../../functions/api/routes.ts';
import { newFolder, removeFolders } from '../local/folder.ts';
import { DOCUMENT, faultsOf, operationOf } from './contract.ts';
import { serveApi, type TestApi } from './serve-api.ts';

const ROOT = join(import.meta.dirname, '../..');
/** What the generated files are made of, and one of them. */
const CODE = ['scripts', 'cloud', 'functions', 'domain', 'eventarc', 'gpu-job', 'host'];
const PARTS = [...CODE, 'docs', 'terraform', 'package.json', 'openapi.json'];
afterAll(removeFolders);

const generate = (root: string, ...args: string[]): number | null =>
  spawnSync(process.execPath, [join(root, 'scripts/generate.ts'), ...args], { cwd: root }).status;

describe('openapi.json', () => {
  test('is what the code says, and any drift from it is found', () => {
    expect(generate(ROOT, '--check')).toBe(0);
    const copy = newFolder();
    for (const part of PARTS) {
      cpSync(join(ROOT, part), join(copy, part), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    const file = join(copy, 'openapi.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('Submit a job', 'Submit something'));
    expect(generate(copy, '--check')).toBe(1);
    expect(generate(copy)).toBe(0);
    expect(generate(copy, '--check')).toBe(0);
  });

  test('has no error or warning of a linter, which finds what is wrong', async () => {
    const config = await createConfig({ extends: ['recommended-strict'] });
    const lint = async (source: string): Promise<string[]> => {
      const found = await lintFromString({ source, absoluteRef: 'openapi.json', config });
      return found.map(({ ruleId, message }) => `${ruleId}: ${message}`);
    };
    const committed = readFileSync(join(ROOT, 'openapi.json'), 'utf8');
    expect(await lint(committed)).toEqual([]);
    expect(await lint(committed.replace('"in": "path"', '"in": "paths"'))).toEqual([
      expect.stringContaining('struct'),
      expect.stringContaining('path-parameters-defined'),
    ]);
    expect(await lint(committed.replace('"operationId": "getJob"', '"operationId": "listJobs"'))).toHaveLength(1);
    expect(await lint(committed.replace('#/components/schemas/Job"', '#/components/schemas/Jobs"'))).toHaveLength(1);
  });

  test('describes every route, and refers to nothing that it does not have', () => {
    for (const { path, method } of API_ROUTES) expect(DOCUMENT.paths[path]).toHaveProperty(method.toLowerCase());
    const refs = [...JSON.stringify(DOCUMENT).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? '');
    const { schemas, examples } = DOCUMENT.components;
    expect(new Set(refs)).toEqual(
      new Set([
        ...Object.keys(schemas).map((id) => `#/components/schemas/${id}`),
        ...Object.keys(examples).map((id) => `#/components/examples/${id}`),
      ]),
    );
  });

  test.each(API_ROUTES.map((route) => [route.operation, route] as const))(
    '%s: who may ask, what may be wrong, and each of its own answers',
    (operation, { path, method, scope, params = {}, body, answers, problems }) => {
      const { responses } = operationOf(path, method);
      for (const status of ['400', '401', '500', '503']) expect(Object.keys(responses)).toContain(status);
      expect(Object.hasOwn(responses, '403')).toBe(scope !== null);
      // What is not there is made by it.
      expect(Object.hasOwn(responses, '404')).toBe(Object.keys(params).length > 0 && operation !== 'putTenant');
      if (body !== undefined) {
        for (const status of ['411', '413', '415', '422']) expect(Object.keys(responses)).toContain(status);
      }
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(answers.map(({ status }) => String(status))));
      for (const code of problems) {
        expect(JSON.stringify(responses[String(PROBLEMS[code].status)])).toContain(`"urn:slipway:problem:${code}"`);
      }
      expect(responses['401']?.headers).toHaveProperty('WWW-Authenticate');
      expect(responses['503']?.headers).toHaveProperty('Retry-After');
      if (problems.includes('too_many_jobs')) expect(responses['429']?.headers).toHaveProperty('Retry-After');
    },
  );

  test('names every problem with its type, but those of the door; 405 is of no operation', () => {
    const examples = Object.values(DOCUMENT.components.examples).map(({ value }) => value);
    const elsewhere = ['method_not_allowed', 'session_refused'];
    expect(examples.map(({ code }) => code).sort()).toEqual(
      Object.keys(PROBLEMS)
        .filter((code) => !elsewhere.includes(code))
        .sort(),
    );
    for (const { type, code } of examples) expect(type).toBe(`urn:slipway:problem:${code}`);
    expect(DOCUMENT.info.description).toContain('`method_not_allowed`');
  });

  test('names every header that a handler reads', () => {
    const read = sourcesIn('functions/api').flatMap((source) =>
      [...source.matchAll(/headers\['([a-z-]+)'\]/g)].map((match) => match[1] ?? ''),
    );
    // Of the body, which OpenAPI describes by itself, and of CORS.
    const implied = new Set(['content-type', 'content-length', 'access-control-request-method']);
    const described = new Set(API_ROUTES.flatMap(({ headers = [] }) => headers.map(({ name }) => name.toLowerCase())));
    expect(read.length).toBeGreaterThan(4);
    expect(read.filter((name) => !described.has(name) && !implied.has(name))).toEqual([]);
  });

  test('has an example for each body, and every example fits its schema', () => {
    const withBody = Object.values(DOCUMENT.paths)
      .flatMap((methods) => Object.values(methods))
      .filter(({ requestBody }) => requestBody !== undefined);
    expect(withBody.length).toBeGreaterThan(4);
    for (const { operationId, requestBody } of withBody) {
      const { schema, example } = requestBody?.content['application/json'] ?? { schema: {} };
      expect([operationId, faultsOf(schema, example)]).toEqual([operationId, '']);
      expect(faultsOf(schema, { ...(example as object), colour: 'red' })).not.toBe('');
    }
    const problem = { $ref: '#/components/schemas/Problem' };
    for (const { value } of Object.values(DOCUMENT.components.examples)) expect(faultsOf(problem, value)).toBe('');
  });

  test('says what may be shown in the place of a key, and where', () => {
    const { security: usual, components } = DOCUMENT as unknown as {
      security: readonly object[];
      components: { securitySchemes: Record<string, object> };
    };
    const schemes = components.securitySchemes;
    expect(schemes['readTokenInAddress']).toMatchObject({ type: 'apiKey', in: 'query', name: 'token' });
    const namesOf = (security: readonly object[] = usual): string[] => security.flatMap((one) => Object.keys(one));
    for (const { path, method, showsJob, scope } of API_ROUTES) {
      const names = namesOf(DOCUMENT.paths[path]?.[method.toLowerCase()]?.security);
      expect([path, names]).toEqual([
        path,
        scope === null
          ? []
          : [
              'apiKey',
              ...(scope === 'admin' ? [] : ['idToken']),
              ...(showsJob === true ? ['readToken', 'readTokenInAddress'] : []),
            ],
      ]);
      for (const name of names) expect(schemes).toHaveProperty(name);
    }
  });

  test('says that a request may leave out what has a default', () => {
    expect(DOCUMENT.components.schemas['CreateJobRequest']?.required).toEqual(['model', 'input']);
  });
});

describe('GET /openapi.json', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await serveApi();
  });
  afterAll(() => api.stop());
  const get = (headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${api.url}/openapi.json`, { headers });

  test('is what is committed, for anyone, on any page', async () => {
    const answer = await get();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
    expect(await answer.json()).toEqual(JSON.parse(readFileSync(join(ROOT, 'openapi.json'), 'utf8')));
  });

  test('is 304 to whoever has it', async () => {
    const tag = (await get()).headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    for (const had of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const answer = await get({ 'if-none-match': had });
      expect([answer.status, answer.headers.get('etag'), await answer.text()]).toEqual([304, tag, '']);
    }
    expect((await get({ 'if-none-match': '"other"' })).status).toBe(200);
  });
});

const sourcesIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(ROOT, folder, file), 'utf8'));
