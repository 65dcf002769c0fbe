import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { JobResource, JobToken } from '../../domain/contract/http.ts';
import { UnavailableError } from '../../domain/errors.ts';
import type { Ref, Store } from '../../domain/ports.ts';
import { HOUR } from '../../domain/time.ts';
import { removeFolders } from '../local/folder.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';
import { KEY, OTHER_KEY, serveApi, type TestApi } from './serve-api.ts';

const GOOD = { model: 'slide-text', input: { text: 'hello' } };
let api: TestApi;
let clock: ManualClock;
let id: string;
let token: string;
/** What each read of the store fails with, where it does. */
let failing: Error | null;
beforeEach(async () => {
  clock = manualClock(Date.UTC(2026, 10, 26));
  failing = null;
  api = await serveApi(({ store }) => ({
    clock,
    store: Object.assign(Object.create(store) as Store, {
      get: (ref: Ref) => (failing === null ? store.get(ref) : Promise.reject(failing)),
    }),
  }));
  ({ id } = JobResource.parse(await (await api.send('POST', '/v1/jobs', { body: GOOD })).json()));
  const made = await api.send('POST', `/v1/jobs/${id}/tokens`);
  expect(made.status).toBe(201);
  const body = JobToken.parse(await made.json());
  expect(body).toMatchObject({ job: id, expiresAt: new Date(clock.nowMs() + HOUR).toISOString() });
  ({ token } = body);
});
afterEach(async () => {
  await api.stop();
  removeFolders();
});

/** As a page of another origin asks. */
const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: object): Promise<Response> =>
  fetch(`${api.url}${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

describe('a read token', () => {
  test('shows its job to a page of any origin, by header and in the address', async () => {
    for (const answer of [
      await ask('GET', `/v1/jobs/${id}`, { ...bearer(token), origin: 'https://page.example' }),
      await ask('GET', `/v1/jobs/${id}?token=${token}`, { origin: 'https://page.example' }),
    ]) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      expect(JobResource.parse(await answer.json()).id).toBe(id);
    }
    const preflight = await ask('OPTIONS', `/v1/jobs/${id}`, {
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'authorization, prefer, last-event-id',
    ]);
  });

  test.each(['logs', 'explain', 'events'])('shows its %s', async (part) => {
    const answer = await ask('GET', `/v1/jobs/${id}/${part}?token=${token}`, { accept: 'application/json' });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
    await answer.body?.cancel();
  });

  test('does nothing else, though it is the tenant’s own', async () => {
    const { id: other } = JobResource.parse(await (await api.send('POST', '/v1/jobs', { body: GOOD })).json());
    const statuses = await Promise.all(
      [
        ask('GET', `/v1/jobs/${other}`, bearer(token)),
        ask('GET', '/v1/jobs', bearer(token)),
        ask('POST', `/v1/jobs/${id}/cancel`, bearer(token)),
        ask('POST', `/v1/jobs/${id}/tokens`, bearer(token)),
        ask('POST', '/v1/jobs', bearer(token), GOOD),
        ask('GET', '/v1/tenants', bearer(token)),
        ask('POST', '/v1/tokens/firebase', bearer(token)),
      ].map(async (answer) => (await answer).status),
    );
    expect(statuses).toEqual(statuses.map(() => 403));
  });

  test.each<[string, number, () => Promise<Response>]>([
    ['no key', 401, () => ask('GET', `/v1/jobs/${id}`)],
    ['a key that is none', 401, () => ask('GET', `/v1/jobs/${id}`, bearer('slw_nobody'))],
    ['a token of another job', 403, () => ask('GET', `/v1/jobs/${'0'.repeat(26)}`, bearer(token))],
    ['a job that is none', 404, () => api.send('GET', `/v1/jobs/${'0'.repeat(26)}/events`)],
    ['a header that cannot be meant', 400, () => ask('GET', `/v1/jobs/${id}`, { ...bearer(token), prefer: 'wait=x' })],
    ['another method', 405, () => ask('POST', `/v1/jobs/${id}`, bearer(token))],
    [
      'a store that does not answer',
      503,
      async () => {
        failing = new UnavailableError('no store');
        return ask('GET', `/v1/jobs/${id}/explain`, bearer(token));
      },
    ],
    [
      'a fault',
      500,
      async () => {
        failing = new Error('a bug');
        return ask('GET', `/v1/jobs/${id}/explain`, bearer(token));
      },
    ],
  ])('lets a page of any origin read why not, too: %s', async (_, status, asked) => {
    const answer = await asked();
    expect([answer.status, Object.fromEntries(answer.headers)]).toEqual([
      status,
      expect.objectContaining({
        'access-control-allow-origin': '*',
        'access-control-expose-headers': 'retry-after, preference-applied',
        'content-type': 'application/problem+json',
      }),
    ]);
  });

  test('lets a page read that its wait was honoured', async () => {
    await api.send('POST', `/v1/jobs/${id}/cancel`);
    const answer = await ask('GET', `/v1/jobs/${id}`, { ...bearer(token), prefer: 'wait=1' });
    expect(answer.headers.get('preference-applied')).toBe('wait=1');
    expect(answer.headers.get('access-control-expose-headers')).toContain('preference-applied');
  });

  test('shows nothing of where its webhooks go', async () => {
    const webhook = { url: 'https://hooks.example/secret-path', secret: `whsec_${'a'.repeat(32)}` };
    const made = await api.send('POST', '/v1/jobs', { body: { ...GOOD, webhook } });
    const job = JobResource.parse(await made.json());
    expect(job.webhook?.url).toBe(webhook.url);
    const { token: its } = JobToken.parse(await (await api.send('POST', `/v1/jobs/${job.id}/tokens`)).json());
    for (const part of ['', '/events', '/explain', '/logs']) {
      const shown = await ask('GET', `/v1/jobs/${job.id}${part}?token=${its}`, { accept: 'application/json' });
      expect([part, shown.status]).toEqual([part, 200]);
      expect(await shown.text()).not.toContain('hooks.example');
    }
  });

  test('ends after an hour', async () => {
    clock.set(clock.nowMs() + HOUR - 1_000);
    expect((await ask('GET', `/v1/jobs/${id}`, bearer(token))).status).toBe(200);
    clock.set(clock.nowMs() + 1_000);
    expect((await ask('GET', `/v1/jobs/${id}`, bearer(token))).status).toBe(401);
  });

  test.each<[string, (text: string) => string]>([
    ['another tenant', (text) => text.replace('slj_acme.', 'slj_other.')],
    ['another job', (text) => text.replace(/\.[a-z0-9]{26}\./, `.${'0'.repeat(26)}.`)],
    ['a later end', (text) => text.replace(/\.(\d+)\./, (_, seconds: string) => `.${Number(seconds) + 9}.`)],
    ['another signature', (text) => text.slice(0, -4) + 'AAAA'],
    ['no signature', (text) => text.slice(0, text.lastIndexOf('.') + 1)],
  ])('that was changed to say %s is none', async (_, change) => {
    expect(change(token)).not.toBe(token);
    expect((await ask('GET', `/v1/jobs/${id}`, bearer(change(token)))).status).toBe(401);
  });

  test('is made for one’s own jobs alone, and a key never stands in an address', async () => {
    expect((await ask('GET', `/v1/models?token=${KEY}`, bearer(KEY))).status).toBe(400);
    const others = await api.send('POST', `/v1/jobs/${id}/tokens`, { headers: bearer(OTHER_KEY) });
    expect(others.status).toBe(404);
    for (const [query, headers] of [
      [`token=${KEY}`, {}],
      [`token=${KEY}`, bearer(KEY)],
      ['token=', bearer(KEY)],
      [`token=${token}&token=${token}`, {}],
    ] as const) {
      const answer = await ask('GET', `/v1/jobs/${id}?${query}`, headers);
      expect([query, answer.status, await answer.json()]).toEqual([
        query,
        400,
        expect.objectContaining({
          errors: [{ field: 'token', message: expect.stringMatching(/one read token.*no key/) }],
        }),
      ]);
    }
  });

  test('stands in no line of the log, though its job cannot be read', async () => {
    failing = new Error('a bug');
    for (const answer of [
      await ask('GET', `/v1/jobs/${id}?token=${token}`),
      await ask('GET', `/v1/jobs/${id}`, bearer(token)),
    ]) {
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toContain(token);
    }
    expect(api.log.lines.map(({ message }) => message)).toEqual(['job accepted', 'request failed', 'request failed']);
    expect(JSON.stringify(api.log.lines)).not.toContain(token);
  });

  test('and what shows no job is closed to pages of other origins', async () => {
    for (const path of ['/v1/jobs', '/v1/tenants', `/v1/jobs/${id}/cancel`]) {
      const answer = await ask('OPTIONS', path, { 'access-control-request-method': 'GET' });
      expect([path, answer.status]).toEqual([path, 405]);
    }
    expect((await api.send('GET', '/v1/jobs')).headers.get('access-control-allow-origin')).toBeNull();
  });
});
