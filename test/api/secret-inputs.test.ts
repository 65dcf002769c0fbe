import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { JobResource, Problem } from '../../domain/contract/http.ts';
import { Model } from '../../domain/contract/model.ts';
import type { Job, JobState } from '../../domain/contract/job.ts';
import { refs, update } from '../../domain/ports.ts';
import { move } from '../../domain/state.ts';
import { requestHashOf } from '../../functions/submit/idempotency.ts';
import { slipway } from '../client/command-rig.ts';
import { removeFolders } from '../local/folder.ts';
import { startReceiver, type Receiver } from '../local/receiver.ts';
import { testStack, UNHURRIED, type TestStack } from '../stack/test-stack.ts';
import { CATALOGUE, serveApi, type TestApi } from './serve-api.ts';

const TOKEN = 'tok-Zq81/"quoted" and long';
const PASSWORD = 'pass-Xw27-first line\nsecond-line-Yv36';
/** Whatever of the secrets could be seen, however it is written. */
const LEAK = /Zq81|Xw27|Yv36/;
const MARK = { $secret: true };
const INPUT = { token: TOKEN, login: { user: 'ada', password: PASSWORD }, note: 'plain' };
const SHOWN = { token: MARK, login: { user: 'ada', password: MARK }, note: 'plain' };
const SECRETS = { '/token': TOKEN, '/login/password': PASSWORD };

const secretText = { type: 'string', writeOnly: true, minLength: 4, pattern: '^[^!]*$' };
const VAULT = Model.parse({
  name: 'vault',
  title: 'Takes secrets',
  description: 'For tests.',
  pool: 'pool',
  runner: { kind: 'command', program: 'node' },
  input: {
    type: 'object',
    additionalProperties: false,
    required: ['token'],
    properties: {
      token: secretText,
      kind: { type: 'string', writeOnly: true, enum: ['a', 'b'] },
      login: { type: 'object', properties: { user: { type: 'string' }, password: secretText } },
      note: {},
    },
    // A rule that looks at a secret: it must be judged with the value, also once others have come.
    if: { properties: { token: { const: 'admin' } } },
    then: { required: ['login'] },
  },
  output: {},
});

describe('a secret of an input', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await serveApi(() => ({
      catalogue: { ...CATALOGUE, models: new Map([...CATALOGUE.models, ['vault', { model: VAULT, missing: [] }]]) },
    }));
  });
  afterEach(async () => {
    expect(JSON.stringify(api.log.lines)).not.toMatch(LEAK);
    await api.stop();
    removeFolders();
  });

  const post = (path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    api.send('POST', path, { ...(body === undefined ? {} : { body }), headers });
  const created = async (body: unknown, headers: Record<string, string> = {}): Promise<JobResource> =>
    JobResource.parse(await (await post('/v1/jobs', body, headers)).json());
  const problem = async (answer: Promise<Response>): Promise<Problem> => Problem.parse(await (await answer).json());
  const stored = async (id: string): Promise<Job> => {
    const read = await api.store.get(refs.job(id));
    if (read === null) throw new Error('no such job');
    return read.data;
  };
  const hidden = async (id: string) => (await api.store.get(refs.jobPrivate(id)))?.data;
  const moveTo = async (id: string, ...states: JobState[]): Promise<void> => {
    for (const state of states) {
      const read = await api.store.get(refs.job(id));
      if (read === null) throw new Error('no such job');
      const patch = state === 'succeeded' ? { output: 'a value' } : {};
      await api.store.commit(move(read, state, Date.now(), { patch }));
    }
  };

  test('is shown as a mark by every read, and stands in jobs_private alone', async () => {
    const job = await created({ model: 'vault', input: INPUT });
    expect(job).toMatchObject({ state: 'queued', input: SHOWN });
    const { input, secretInputs } = await stored(job.id);
    expect([input, secretInputs]).toEqual([SHOWN, Object.keys(SECRETS)]);
    expect(await hidden(job.id)).toEqual({ schema: 1, webhookSecret: null, inputSecrets: SECRETS });
    for (const path of [`/v1/jobs/${job.id}`, '/v1/jobs', `/v1/jobs/${job.id}/events`, `/v1/jobs/${job.id}/explain`]) {
      const answer = await api.send('GET', path, { headers: { accept: 'application/json' } });
      expect([answer.status, await answer.text()]).toEqual([200, expect.not.stringMatching(LEAK)]);
    }
    const plan = await post('/v1/jobs:plan', { model: 'vault', input: INPUT });
    expect([plan.status, await plan.text()]).toEqual([200, expect.not.stringMatching(LEAK)]);
  });

  test('that was not given leaves nothing behind, and a job without secrets is stored as ever', async () => {
    const some = await created({ model: 'vault', input: { token: TOKEN } });
    expect([some.input, await hidden(some.id)]).toMatchObject([{ token: MARK }, { inputSecrets: { '/token': TOKEN } }]);
    const body = { model: 'slide-text', input: { text: 'hello' } };
    const none = await created(body);
    expect(await stored(none.id)).toMatchObject({ input: body.input, requestHash: requestHashOf(body) });
    expect(await stored(none.id)).not.toHaveProperty('secretInputs');
    expect(await hidden(none.id)).toBeUndefined();
  });

  test.each<[string, unknown, string]>([
    ['too short', { token: 'Zq1' }, '/input/token'],
    ['against its pattern', { token: 'Zq81!Xw27' }, '/input/token'],
    ['none of its words', { token: TOKEN, kind: 'Zq81-other' }, '/input/kind'],
    ['a number', { token: 812_736 }, '/input/token'],
    ['the mark itself', { token: MARK }, '/input/token'],
    ['in a field that is none', { token: TOKEN, tokem: 'Zq81-typo' }, '/input/tokem'],
  ])('that is %s is refused without being told', async (_, input, field) => {
    const answer = await post('/v1/jobs', { model: 'vault', input });
    const text = await answer.text();
    expect([answer.status, text]).toEqual([422, expect.not.stringMatching(/Zq|Xw27|812736/)]);
    expect(Problem.parse(JSON.parse(text)).errors?.map((error) => error.field)).toEqual([field]);
  });

  test('in a body that is no JSON is not told either', async () => {
    for (const text of ['{"input":{"token":"Zq81" "x"}}', '{"input":{"token":Zq81}}', '"Zq81']) {
      const answer = await post('/v1/jobs', text);
      expect([answer.status, await answer.text()]).toEqual([400, expect.not.stringContaining('Zq81')]);
    }
  });

  test('cannot be taken from an output, nor can what holds one', async () => {
    const parent = await created({ model: 'slide-text', input: { text: 'hello' } });
    const ref = { $output: { job: parent.id, path: '' } };
    for (const [input, field] of [
      [{ token: ref }, '/input/token'],
      [{ token: TOKEN, login: ref }, '/input/login'],
      [ref, '/input'],
    ] as const) {
      const { status, errors } = await problem(post('/v1/jobs', { model: 'vault', input }));
      const message: unknown = expect.stringContaining('is secret or has a secret in it');
      expect([status, errors]).toEqual([422, [{ field, message }]]);
    }
  });

  test('does not hinder other values from being taken, and is judged together with them', async () => {
    const parent = await created({ model: 'slide-text', input: { text: 'hello' } });
    const note = { $output: { job: parent.id, path: '' } };
    const child = await created({ model: 'vault', input: { ...INPUT, note } });
    const admin = await created({ model: 'vault', input: { token: 'user1', note } });
    expect(child).toMatchObject({ state: 'blocked', input: { ...SHOWN, note } });
    await moveTo(parent.id, 'running', 'succeeded');
    // Any replay looks at the parents again; a retry's does it with a job of its own.
    for (const { id } of [child, admin]) await moveTo(id, 'canceled');
    for (const { id } of [child, admin]) {
      const again = JobResource.parse(await (await post(`/v1/jobs/${id}/retry`)).json());
      expect(again).toMatchObject({ state: 'queued', input: { token: MARK, note: 'a value' } });
    }
  });

  test('is the same in a retry, also where the model has forgotten that it is one', async () => {
    const old = await created({ model: 'vault', input: INPUT });
    await moveTo(old.id, 'running', 'failed');
    const again = JobResource.parse(await (await post(`/v1/jobs/${old.id}/retry`)).json());
    expect([again.input, (await hidden(again.id))?.inputSecrets]).toEqual([SHOWN, SECRETS]);

    await moveTo(again.id, 'canceled');
    const properties = { ...(VAULT.input['properties'] as object), token: { type: 'string' } };
    const open = { ...VAULT, input: { ...VAULT.input, properties } };
    (api.deps.catalogue.models as Map<string, unknown>).set('vault', { model: open, missing: [] });
    const third = JobResource.parse(await (await post(`/v1/jobs/${again.id}/retry`)).json());
    expect(third.input).toEqual(SHOWN);
  });

  test('that is kept no longer cannot be retried: 422, with what to do', async () => {
    const old = await created({ model: 'vault', input: INPUT });
    await moveTo(old.id, 'canceled');
    await api.store.commit([{ kind: 'delete', ref: refs.jobPrivate(old.id) }]);
    const { status, code, detail, errors } = await problem(post(`/v1/jobs/${old.id}/retry`));
    expect([status, code, detail]).toEqual([422, 'invalid_input', expect.stringContaining('Submit the job anew')]);
    expect(errors?.map(({ field }) => field)).toEqual(['/input/token', '/input/login/password']);
  });

  test('cannot be guessed by the hash of its request, which tells repeated requests all the same', async () => {
    const headers = { 'Idempotency-Key': 'k' };
    const body = { model: 'vault', input: { token: 'admin1' } };
    const job = await created(body, headers);
    const { requestHash } = await stored(job.id);
    expect(requestHash).toMatch(/^sealed:[0-9a-f]{64}$/);
    expect(requestHash).not.toContain(requestHashOf(body));
    const replay = await post('/v1/jobs', body, headers);
    expect([replay.status, (await replay.json()) as object]).toMatchObject([200, { id: job.id }]);
    const other = { model: 'vault', input: { token: 'admin2' } };
    expect((await problem(post('/v1/jobs', other, headers))).code).toBe('idempotency_key_reused');
    // As a build of before has stored it, and as an operator may still find it.
    const read = await api.store.get(refs.job(job.id));
    if (read !== null) {
      await api.store.commit([update(refs.job(job.id), read, { requestHash: requestHashOf(body) })]);
    }
    expect((await post('/v1/jobs', body, headers)).status).toBe(200);
    expect((await problem(post('/v1/jobs', other, headers))).code).toBe('idempotency_key_reused');
  });
});

describe('on a whole stack, a secret', () => {
  let stack: TestStack;
  let receiver: Receiver;
  beforeAll(async () => {
    stack = await testStack({ settings: UNHURRIED });
    receiver = await startReceiver(() => 204);
  });
  afterAll(async () => {
    await stack.stop();
    await receiver.stop();
  });

  /** Everything that is said of a job: by the interface, the command, the events, the webhooks, our own log and the store. */
  async function saidOf(id: string): Promise<string> {
    await stack.sweep();
    const get = async (path: string): Promise<string> => {
      const headers = { authorization: `Bearer ${stack.apiKey}`, accept: 'application/json' };
      return (await fetch(`${stack.url}${path}`, { headers })).text();
    };
    const reads = ['', '/logs', '/events', '/explain'].map((what) => get(`/v1/jobs/${id}${what}`));
    const env = { SLIPWAY_API_KEY: stack.apiKey };
    const commands = [
      ['logs', id],
      ['get', id],
      ['get', id, '--json'],
      ['explain', id],
      ['list', '--json'],
    ].map(async (argv) => Object.values(await slipway(stack, argv, { env, columns: 1_000 })).join(' '));
    const documents = [
      stack.store.get(refs.job(id)),
      stack.store.query('logsOfJob', { jobId: id, attempt: 1 }, { limit: 100 }),
      stack.store.query('eventsOfJob', { jobId: id }, { limit: 100 }),
      stack.store.query('deliveriesOfJob', { jobId: id }, { limit: 100 }),
    ].map(async (read) => JSON.stringify(await read));
    const bodies = receiver.received.map(({ body }) => body);
    const lines = stack.log.lines.map((line) => JSON.stringify(line));
    return [...(await Promise.all([...reads, get('/v1/jobs'), ...commands, ...documents])), ...bodies, ...lines].join(
      '\n',
    );
  }

  test.each([
    ['succeeds', { how: 'done' }, 'succeeded', null],
    ['fails in its own words', { how: 'error' }, 'failed', 'model_error'],
    ['answers no answer', { how: 'crash' }, 'failed', 'crash'],
    ['ends its server', { how: 'exit' }, 'failed', 'crash'],
  ])('is with the model, and nowhere else, when that tells it and %s', async (_, more, state, kind) => {
    const events = ['job.queued', 'job.started', 'job.succeeded', 'job.failed'];
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const login = { user: 'ada', password: PASSWORD };
    const { id } = await stack.submit(
      'leaky',
      { token: TOKEN, login, ...more },
      { maxAttempts: 1, webhook: { url: receiver.url, secret, events } },
    );
    const job = await stack.ended(id);
    expect(job).toMatchObject({ state, input: { token: MARK, login: { user: 'ada', password: MARK } } });
    expect(job.error?.kind ?? null).toBe(kind);
    // It was there: the model could count its letters.
    if (state === 'succeeded') {
      const echo = ['[secret] and [secret]'];
      expect(job.output).toEqual({ length: TOKEN.length, echo, '[secret]': true });
      expect(job.metrics).toEqual({ '[secret]': 1 });
    } else expect(job.error?.message).toContain('[secret]');
    const said = await saidOf(id);
    expect(said).toContain('stdout [secret] and [secret]');
    expect(said).toContain('key=[secret]');
    expect(said).not.toMatch(LEAK);
    expect((await stack.store.get(refs.jobPrivate(id)))?.data.inputSecrets).toEqual({
      '/token': TOKEN,
      '/login/password': PASSWORD,
    });
  }, 60_000); // prettier-ignore

  test('of one job is in nothing that is said of the next, which has another', async () => {
    const first = await stack.submit('leaky', { token: 'first-Zq81', how: 'done' });
    await stack.ended(first.id);
    const second = await stack.submit('leaky', { token: 'second-Xw27', how: 'exit' }, { maxAttempts: 1 });
    const { error } = await stack.ended(second.id);
    expect(error?.message).toContain('stdout [secret] and none');
    expect(await saidOf(second.id)).not.toMatch(LEAK);
  }, 60_000);
});
