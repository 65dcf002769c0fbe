import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { JobResource, JobToken } from '../../domain/contract/http.ts';
import { removeFolders } from '../local/folder.ts';
import { countedWatches, type CountedWatches } from './counted-watches.ts';
import { openEvents, type EventStream } from './event-stream.ts';
import { KEY, OTHER_KEY, serveApi, type TestApi } from './serve-api.ts';

const OF_JOB = 2;
const OF_TENANT = 4;
const GOOD = { model: 'slide-text', input: { text: 'hello' } };
const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

let api: TestApi;
let watches: CountedWatches;
let id: string;
let token: string;
let opened: EventStream[];
beforeEach(async () => {
  opened = [];
  api = await serveApi(({ store, settings }) => {
    watches = countedWatches(store);
    return { store: watches.store, settings: { ...settings, maxOpenOfJob: OF_JOB, maxOpenOfTenant: OF_TENANT } };
  });
  ({ id } = await submit());
  ({ token } = JobToken.parse(await (await api.send('POST', `/v1/jobs/${id}/tokens`)).json()));
});
afterEach(async () => {
  for (const stream of opened) stream.hangUp();
  await api.stop();
  removeFolders();
});

async function submit(key = KEY): Promise<JobResource> {
  return JobResource.parse(await (await api.send('POST', '/v1/jobs', { body: GOOD, headers: bearer(key) })).json());
}

/** Opens so many streams, each of which stands once this has resolved. */
async function open(count: number, key: string): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const stream = await openEvents(api, id, bearer(key));
    expect(stream.status).toBe(200);
    opened.push(stream);
  }
}

const problemOf = async (answer: Response): Promise<unknown> => [
  answer.status,
  answer.headers.get('retry-after'),
  ((await answer.json()) as { code: string }).code,
];
const FULL = [429, '5', 'too_many_streams'];

describe('answers that are held open', () => {
  test('of one job by its read tokens are bounded, and leave room to its tenant', async () => {
    await open(OF_JOB, token);
    for (const path of ['/events', '', '/logs']) {
      const headers = { ...bearer(token), prefer: 'wait=60' };
      expect(await problemOf(await api.send('GET', `/v1/jobs/${id}${path}`, { headers }))).toEqual(FULL);
    }
    // What is answered at once is.
    expect((await api.send('GET', `/v1/jobs/${id}`, { headers: bearer(token) })).status).toBe(200);
    await open(1, KEY);
  });

  test('of one tenant are bounded, and leave room to others', async () => {
    await open(OF_TENANT, KEY);
    expect(await problemOf(await api.send('GET', `/v1/jobs/${id}/events`))).toEqual(FULL);
    expect(await problemOf(await api.send('GET', `/v1/jobs/${id}/events`, { headers: bearer(token) }))).toEqual(FULL);
    const other = await submit(OTHER_KEY);
    const held = await api.send('GET', `/v1/jobs/${other.id}`, { headers: { ...bearer(OTHER_KEY), prefer: 'wait=1' } });
    expect(held.status).toBe(200);
  });

  test('that were bounded take no job from who submits it: it is answered at once', async () => {
    await open(OF_TENANT, KEY);
    const answer = await api.send('POST', '/v1/jobs', { body: GOOD, headers: { prefer: 'wait=60' } });
    expect([answer.status, answer.headers.get('preference-applied')]).toEqual([201, null]);
  });

  test('make room as they end, are hung up on, or were never begun', async () => {
    await open(OF_TENANT, KEY);
    opened.pop()?.hangUp();
    await watches.count(OF_TENANT - 1);
    await open(1, KEY);
    await api.send('POST', `/v1/jobs/${id}/cancel`);
    await Promise.all(opened.map((stream) => stream.rest()));
    await watches.count(0);
    ({ id } = await submit());
    await open(OF_TENANT, KEY);
  });

  test('of one connection are freed with it, those too whose turn to be sent had not come', async () => {
    const ask = `GET /v1/jobs/${id}/events HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer ${KEY}\r\n\r\n`;
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    socket.write(ask.repeat(OF_TENANT + 2));
    await watches.count(OF_TENANT);
    socket.destroy();
    await watches.count(0);
    await open(OF_TENANT, KEY);
  });
});
