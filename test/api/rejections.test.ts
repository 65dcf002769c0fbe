import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { createClient } from '../../client/client.ts';
import { RejectionList } from '../../domain/contract/rejection.ts';
import { create, refs } from '../../domain/ports.ts';
import { intake } from '../../functions/intake.ts';
import { handle, publishedEvent } from '../functions/event-requests.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';
import { removeFolders } from '../local/folder.ts';
import { KEY, OTHER_KEY, serveApi, type TestApi } from './serve-api.ts';

const T0 = Date.UTC(2026, 10, 26);
const JOB = { model: 'slide-text', input: { text: 'hello' } };

let api: TestApi;
let clock: ManualClock;
beforeEach(async () => {
  clock = manualClock(T0);
  api = await serveApi(() => ({ clock }));
  const its = { schema: 1, title: '', keyChanges: 0, createdAtMs: T0 } as const;
  await api.store.commit(['acme', 'other'].map((id) => create(refs.tenant(id), { ...its, id, accounts: [] })));
});
afterEach(async () => {
  await api.stop();
  removeFolders();
});

const publish = (body: object, id: string, tenant = 'acme'): Promise<void> =>
  handle(
    intake(api.deps),
    publishedEvent(JSON.stringify(body), clock.nowMs(), { id, topic: `job-requests-${tenant}` }),
  );
const list = async (query = '', key = KEY): Promise<z.infer<typeof RejectionList>> => {
  const answer = await api.send('GET', `/v1/rejections${query}`, { headers: { authorization: `Bearer ${key}` } });
  expect(answer.status).toBe(200);
  return RejectionList.parse(await answer.json());
};

test('a tenant reads why its own messages made no job, newest first, by pages; the client all of them', async () => {
  for (const [n, id] of ['m1', 'm2', 'm3'].entries()) {
    clock.set(T0 + n * 1_000);
    await publish({ ...JOB, idempotencyKey: id, more: 1 }, id);
  }
  await publish(JOB, 'theirs', 'other');
  await publish(JOB, 'nobody’s', 'nobody');

  const first = await list('?limit=2');
  expect(first.items).toMatchObject([
    {
      message: 'm3',
      code: 'invalid_input',
      reason: '/more: is not a field of this request.',
      errors: [{ field: '/more', message: 'is not a field of this request' }],
      idempotencyKey: 'm3',
      excerpt: '{"model":"slide-text","fields":["model","input","idempotencyKey","more"]}',
      at: new Date(T0 + 2_000).toISOString(),
    },
    { message: 'm2' },
  ]);
  const rest = await list(`?limit=2&cursor=${first.next ?? ''}`);
  expect([rest.items.map(({ message }) => message), rest.next]).toEqual([['m1'], null]);
  expect((await list('', OTHER_KEY)).items.map(({ message }) => message)).toEqual(['theirs']);

  const all: string[] = [];
  for await (const { message } of createClient({ url: api.url, key: KEY }).listRejections({ limit: 1 }))
    all.push(message);
  expect(all).toEqual(['m3', 'm2', 'm1']);
});

test('a key without the scope to read reads none, and a made-up cursor is refused', async () => {
  const [key, hash] = ['slw_submits-only', createHash('sha256').update('slw_submits-only').digest('hex')];
  const its = { schema: 1, tenant: 'acme', id: 'a', name: 'a', createdAtMs: 0 } as const;
  await api.store.commit([create(refs.key(hash), { ...its, scopes: ['submit'] })]);
  const answer = await api.send('GET', '/v1/rejections', { headers: { authorization: `Bearer ${key}` } });
  expect(answer.status).toBe(403);
  expect((await api.send('GET', '/v1/rejections?cursor=WzEsImpvYnMvYSJd')).status).toBe(400);
});

test('one key is one job, whether it comes over HTTPS or by the topic, and in whichever order', async () => {
  const headers = (key: string) => ({ 'idempotency-key': key });
  await publish({ ...JOB, idempotencyKey: 'k1' }, 'm1');
  const again = await api.send('POST', '/v1/jobs', { body: JOB, headers: headers('k1') });
  expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);

  expect((await api.send('POST', '/v1/jobs', { body: JOB, headers: headers('k2') })).status).toBe(201);
  await publish({ ...JOB, idempotencyKey: 'k2' }, 'm2');
  await publish({ ...JOB, input: { text: 'other' }, idempotencyKey: 'k2' }, 'm3');
  const { items } = await api.store.query('jobsByTenant', { tenant: 'acme' }, { limit: 10 });
  expect(items).toHaveLength(2);
  expect((await list()).items).toMatchObject([{ message: 'm3', code: 'idempotency_key_reused' }]);
});
