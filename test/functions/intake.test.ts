import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CloudEvent } from 'cloudevents';
import type { Rejection } from '../../domain/contract/rejection.ts';
import type { Tenant } from '../../domain/contract/tenant.ts';
import { NoTopicError, UnavailableError } from '../../domain/errors.ts';
import type { Messages, RejectedRequest } from '../../domain/messages.ts';
import { create, refs, type Write } from '../../domain/ports.ts';
import { HOUR } from '../../domain/time.ts';
import { rejectionId } from '../../functions/events/reject.ts';
import { intake } from '../../functions/intake.ts';
import { withinGrants } from '../../functions/within-grants.ts';
import { T0 } from '../domain/make-job.ts';
import { removeFolders } from '../local/folder.ts';
import { handle, messageEvent, publishedEvent, type Published } from './event-requests.ts';
import { makeRig, QUEUE, type Rig } from './rig.ts';

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes ...').toString('base64')}`;
const REQUEST = { model: 'noop', input: { text: 'abc' } };

const made = (id: string, more: Partial<Tenant> = {}): Write =>
  create(refs.tenant(id), { schema: 1, id, title: '', accounts: [], keyChanges: 0, createdAtMs: T0, ...more });

let rig: Rig;
let published: Messages['job-rejections'][];
let publish: Rig['deps']['bus']['publish'];
beforeEach(async () => {
  rig = makeRig();
  published = [];
  publish = async (topic, message) => {
    if (topic === 'job-rejections') published.push(message as RejectedRequest);
    else await rig.deps.bus.publish(topic, message);
  };
  await rig.deps.store.commit([made('acme'), made('b')]);
});
afterEach(() => {
  rig.stop();
  removeFolders();
});

const bring = (event: CloudEvent<unknown>, over: Partial<Rig['deps']> = {}): Promise<void> =>
  handle(
    intake(withinGrants('intake', { ...rig.deps, bus: { publish: (...all) => publish(...all) }, ...over })),
    event,
  );
const take = (body: object, more: Published = {}, over: Partial<Rig['deps']> = {}): Promise<void> =>
  bring(publishedEvent(JSON.stringify(body), rig.clock.nowMs(), more), over);
const jobs = async (tenant = 'acme') =>
  (await rig.deps.store.query('jobsByTenant', { tenant }, { limit: 100 })).items.map(({ data }) => data);
const rejections = async (): Promise<Rejection[]> => {
  const read = await Promise.all(published.map(({ rejection }) => rig.deps.store.get(refs.rejection(rejection))));
  return read.flatMap((document) => (document === null ? [] : [document.data]));
};

describe('a request that is published', () => {
  test.each<[string, object, Published]>([
    ['its body', { ...REQUEST, idempotencyKey: 'k' }, {}],
    ['an attribute', REQUEST, { attributes: { idempotencyKey: 'k' } }],
    ['both', { ...REQUEST, idempotencyKey: 'k' }, { attributes: { idempotencyKey: 'k' } }],
  ])('is a job of the topic’s tenant, with its key in %s', async (_, body, more) => {
    await take(body, more);
    expect(await jobs()).toMatchObject([{ tenant: 'acme', model: 'noop', input: { text: 'abc' }, state: 'queued' }]);
    expect(rig.nudges).toEqual([QUEUE]);
    expect(published).toEqual([]);
  });

  test('makes one job however often it comes, and however often it is published, also at once', async () => {
    const body = { ...REQUEST, idempotencyKey: 'k' };
    await take(body);
    await take(body);
    await Promise.all([take(body, { id: 'm2' }), take(body, { id: 'm3' })]);
    await take(REQUEST, { id: 'm4', attributes: { idempotencyKey: 'k' } });
    expect(await jobs()).toHaveLength(1);
    expect(published).toEqual([]);
    const lines = rig.log.lines.flatMap(({ message, fields }) => (message === 'job accepted' ? [fields] : []));
    const record = { via: 'pubsub', job: (await jobs())[0]?.id, model: 'noop', isNew: true, tookMs: 0 };
    expect([lines.length, lines.filter(({ isNew }) => isNew)]).toEqual([5, [record]]);
  });

  test('is another tenant’s job at another tenant’s topic, with the same key', async () => {
    await take({ ...REQUEST, idempotencyKey: 'k' });
    await take({ ...REQUEST, idempotencyKey: 'k' }, { topic: 'job-requests-b' });
    const [[mine], [other]] = [await jobs(), await jobs('b')];
    expect([mine?.tenant, other?.tenant]).toEqual(['acme', 'b']);
    expect(mine?.id).not.toBe(other?.id);
  });

  test('is taken however old it is: nobody but its publisher knows of it', async () => {
    const event = publishedEvent(JSON.stringify({ ...REQUEST, idempotencyKey: 'k' }), T0);
    rig.clock.set(T0 + 20 * HOUR);
    await bring(event);
    expect(await jobs()).toHaveLength(1);
  });
});

// reference/reliability.md §7, cases 24 (poison) and 37 (a tenant in the payload).
const BAD: [string, CloudEvent<unknown>, Record<string, unknown>][] = [
  ['bytes that are no envelope', sent('', { data: Buffer.from('{"secret-1') }), { code: 'invalid_request' }],
  [
    'bad base64',
    sent('', { data: Buffer.from('{"message":{"data":"secret-1"}}') }),
    { code: 'invalid_request', reason: 'The message cannot be read: message.data is not base64.' },
  ],
  [
    'no data',
    sent('', { data: Buffer.from('{"message":{"attributes":{"idempotencyKey":"k"}}}') }),
    { code: 'invalid_request', reason: expect.stringContaining('no message.data') },
  ],
  [
    'no JSON',
    sent('{"input": {"password": secret-1}}', { attributes: { idempotencyKey: 'k' } }),
    { code: 'invalid_json', excerpt: '{"xxxxx": {"xxxxxxxx": xxxxxx-x}}', idempotencyKey: 'k' },
  ],
  ['a secret out of place', sent(`{"a": ${SECRET}"}`), { code: 'invalid_json', reason: 'It is not valid JSON.' }],
  ['no text', sent(Uint8Array.of(0xff, 0x00, 0x41)), { code: 'invalid_json', excerpt: '..x' }],
  ['a key twice', sent('{"model": "noop", "model": "secret-1"}'), { code: 'invalid_json' }],
  ['no object', sent('["secret-1"]'), { code: 'invalid_input', reason: expect.stringContaining('JSON object') }],
  [
    '10 MB',
    sent(`{"model":"noop","input":{"text":"${'secret-1'.repeat(1_250_000)}"}}`),
    { code: 'body_too_large', reason: expect.stringMatching(/has 100000\d\d bytes; 524288 are taken/) },
  ],
  [
    'no idempotency key',
    request({}),
    { code: 'invalid_input', reason: expect.stringContaining('Give an idempotencyKey'), idempotencyKey: null },
  ],
  ['a key that is none', request({ idempotencyKey: 'a b' }), { code: 'invalid_input', idempotencyKey: null }],
  [
    'a key and another one',
    request({ idempotencyKey: 'k' }, { attributes: { idempotencyKey: 'l' } }),
    { code: 'invalid_input', errors: [{ field: '/idempotencyKey', message: expect.stringContaining('attribute') }] },
  ],
  [
    'a tenant in the payload',
    request({ idempotencyKey: 'k', tenant: 'b' }),
    { code: 'invalid_input', errors: [{ field: '/tenant', message: 'is not a field of this request' }] },
  ],
  [
    'a tenantId in the payload',
    request({ idempotencyKey: 'k', tenantId: 'b' }),
    { code: 'invalid_input', errors: [{ field: '/tenantId', message: 'is not a field of this request' }] },
  ],
  [
    'a field of the wrong kind',
    request({ idempotencyKey: 'k', priority: 'secret-1' }),
    { code: 'invalid_input', excerpt: '{"model":"noop","fields":["model","input","idempotencyKey","priority"]}' },
  ],
  ['an input that does not fit', request({ idempotencyKey: 'k', input: [] }), { code: 'invalid_input' }],
  ['no such model', request({ idempotencyKey: 'k', model: 'nope' }), { code: 'unknown_model', idempotencyKey: 'k' }],
  [
    'a job of nobody',
    request({ idempotencyKey: 'k', dependsOn: ['0'.repeat(26)] }),
    { code: 'unknown_dependency', errors: [{ field: '/dependsOn/0', message: expect.any(String) }] },
  ],
  [
    'a webhook to a private address',
    request({ idempotencyKey: 'k', webhook: { url: 'http://10.0.0.1/secret-1', secret: SECRET } }),
    { code: 'webhook_refused' },
  ],
  [
    'a field with a name of 100 kB',
    request({ idempotencyKey: 'k', ['n'.repeat(100_000)]: 1 }),
    { code: 'invalid_input', errors: [{ field: `/${'n'.repeat(299)}`, message: expect.any(String) }] },
  ],
  ['no message at all', request({ idempotencyKey: 'k' }, { type: 'a.b' }), { code: 'invalid_request' }],
];

function sent(data: string | Uint8Array, more: Published = {}): CloudEvent<unknown> {
  return publishedEvent(data, T0, more);
}
function request(over: object, more: Published = {}): CloudEvent<unknown> {
  return sent(JSON.stringify({ ...REQUEST, ...over }), more);
}

describe('a bad message', () => {
  test.each(BAD)('is acknowledged, recorded once and told of, however often it comes: %s', async (_, event, want) => {
    for (let n = 0; n < 3; n += 1) await bring(event);
    expect(await jobs()).toEqual([]);
    expect(new Set(published.map(({ rejection }) => rejection)).size).toBe(1);
    const [rejection] = await rejections();
    expect(rejection).toMatchObject({ function: 'intake', tenant: 'acme', eventId: 'm1', ...want });
    const { code, reason, idempotencyKey } = rejection ?? {};
    expect(published[0]).toMatchObject({ tenant: 'acme', code, reason, idempotencyKey });
    const said = JSON.stringify([rejection, published, rig.log.lines]);
    expect(said).not.toContain('secret-1');
    expect(said).not.toContain(SECRET);
    expect(said.length).toBeLessThan(10_000);
  });

  test('tells every field at fault at once', async () => {
    await take({ model: 'noop', input: {}, priority: 7, labels: 'a', idempotencyKey: 'k' });
    expect((await rejections())[0]?.errors?.map(({ field }) => field)).toEqual(['/priority', '/labels']);
  });

  test('with a key that stands for another body is rejected, and the job stays as it was', async () => {
    await take({ ...REQUEST, idempotencyKey: 'k' });
    const before = await jobs();
    await take({ ...REQUEST, input: { text: 'other' }, idempotencyKey: 'k' }, { id: 'm2' });
    expect(published).toMatchObject([{ code: 'idempotency_key_reused', idempotencyKey: 'k' }]);
    expect(await jobs()).toEqual(before);
  });

  test('beyond the limit of waiting jobs is rejected; published again, with its key, it is taken once there is room', async () => {
    const limits = { running: null, queued: 1 };
    await rig.deps.store.commit([made('small', { limits })]);
    const first = await rig.submit({ tenant: 'small' });
    const more = { topic: 'job-requests-small' };
    await take({ ...REQUEST, idempotencyKey: 'k' }, more);
    expect(published).toMatchObject([{ code: 'too_many_jobs', tenant: 'small', idempotencyKey: 'k' }]);

    await rig.deps.store.commit([{ kind: 'delete', ref: refs.job(first) }]);
    await take({ ...REQUEST, idempotencyKey: 'k' }, more);
    expect(await jobs('small')).toEqual([]);
    expect(published).toHaveLength(2);
    await take({ ...REQUEST, idempotencyKey: 'k' }, { ...more, id: 'm2' });
    expect(await jobs('small')).toHaveLength(1);
  });

  test('that another delivery of it makes into a job meanwhile is no rejection, recorded or told of', async () => {
    const { store } = rig.deps;
    await store.commit([made('small', { limits: { running: null, queued: 1 } })]);
    const first = await rig.submit({ tenant: 'small' });
    const body = { ...REQUEST, idempotencyKey: 'k' };
    const more = { topic: 'job-requests-small' };
    const commit: Rig['deps']['store']['commit'] = async (writes) => {
      if (writes.some(({ kind, ref }) => kind === 'create' && ref.collection === 'rejections')) {
        await store.commit([{ kind: 'delete', ref: refs.job(first) }]);
        await take(body, more);
      }
      await store.commit(writes);
    };
    await take(body, more, { store: { ...store, commit } });
    expect(await jobs('small')).toMatchObject([{ state: 'queued' }]);
    expect(published).toEqual([]);
    expect((await store.query('rejectionsOfTenant', { tenant: 'small' }, { limit: 10 })).items).toEqual([]);
  });

  test.each([
    ['a tenant that is not there', 'job-requests-nobody'],
    ['no tenant’s id', 'job-requests-Not_One'],
    ['no topic of requests', 'nudges'],
    ['another deployment', 'staging-job-requests-acme'],
    ['a tenant whose id ends as a topic of another one', 'job-requests-x-job-requests-acme'],
  ])('of %s is rejected under no tenant', async (_, topic) => {
    await take({ ...REQUEST, idempotencyKey: 'k' }, { topic });
    expect(await jobs()).toEqual([]);
    expect(await rejections()).toMatchObject([{ tenant: null, code: 'not_found' }]);
  });

  test('of a topic whose name begins as this deployment’s do is its tenant’s', async () => {
    const body = { ...REQUEST, idempotencyKey: 'k' };
    await take(body, { topic: 'prod-job-requests-acme' }, { topicPrefix: 'prod-' });
    expect(await jobs()).toHaveLength(1);
    await take(body, { topic: 'job-requests-acme', id: 'm2' }, { topicPrefix: 'prod-' });
    expect(await rejections()).toMatchObject([{ tenant: null }]);
  });
});

describe('comes again', () => {
  const down = async (): Promise<never> => {
    throw new UnavailableError('down');
  };
  const bad = (): CloudEvent<unknown> => request({});
  const good = (): CloudEvent<unknown> => request({ idempotencyKey: 'k' });

  test.each<[string, CloudEvent<unknown>, (deps: Rig['deps']) => Partial<Rig['deps']>]>([
    ['whose tenant cannot be read', good(), ({ store }) => ({ store: { ...store, get: down } })],
    ['whose job cannot be stored', good(), ({ store }) => ({ store: { ...store, commit: down } })],
    ['whose key makes no id', good(), () => ({ secrets: { get: down } })],
    ['for which no queue is there', good(), (deps) => ({ catalogue: { ...deps.catalogue, queues: new Map() } })],
    ['whose rejection cannot be recorded', bad(), ({ store }) => ({ store: { ...store, commit: down } })],
    ['whose rejection cannot be told', bad(), () => ({ bus: { publish: down } })],
  ])('a message %s, and is then taken or rejected', async (_, event, over) => {
    await expect(bring(event, over(rig.deps))).rejects.toThrow(UnavailableError);
    expect(published).toEqual([]);
    await bring(event);
    expect((await jobs()).length + published.length).toBe(1);
  });

  test('not one whose nudge is lost: sweep finds the job', async () => {
    publish = down;
    await bring(good());
    expect(await jobs()).toMatchObject([{ state: 'queued' }]);
  });

  test('not one that is rejected where the topic of rejections is missing: it is recorded', async () => {
    publish = async () => {
      throw new NoTopicError('none');
    };
    const event = bad();
    await bring(event);
    const id = rejectionId({ function: 'intake', source: event.source, eventId: event.id });
    expect((await rig.deps.store.get(refs.rejection(id)))?.data.reason).toContain('Give an idempotencyKey');
  });
});

test('sweep’s and other functions’ messages are none of its own', async () => {
  await bring(messageEvent({ queue: QUEUE }, T0));
  expect(await rejections()).toMatchObject([{ tenant: null, code: 'not_found' }]);
});
