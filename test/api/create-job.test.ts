import { afterEach, describe, expect, test } from '@jest/globals';
import { JobList, JobResource } from '../../domain/contract/http.ts';
import { refs, type Store } from '../../domain/ports.ts';
import { move } from '../../domain/state.ts';
import { waitForEnd } from '../../functions/api/wait.ts';
import { removeFolders } from '../local/folder.ts';
import { OTHER_KEY, serveApi, type TestApi } from './serve-api.ts';

let api: TestApi;
afterEach(async () => {
  await api.stop();
  removeFolders();
});

const GOOD = { model: 'slide-text', input: { text: 'hello' } };
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

async function submit(body: unknown, headers: Record<string, string> = {}): Promise<[Response, JobResource]> {
  const answer = await api.send('POST', '/v1/jobs', { body, headers });
  return [answer, JobResource.parse(await answer.json())];
}

async function endJob(id: string, to: 'succeeded' | 'failed', output: unknown): Promise<void> {
  for (const state of ['running', to] as const) {
    const read = await api.store.get(refs.job(id));
    if (read === null) throw new Error('no such job');
    await api.store.commit(move(read, state, Date.now(), { patch: { output } }));
  }
}

describe('a submission', () => {
  test('is stored with its event and its secret apart, then nudges its home queue', async () => {
    api = await serveApi();
    const webhook = { url: 'https://example.com/hook', secret: SECRET };
    const [answer, job] = await submit({ ...GOOD, webhook, priority: 'high', metadata: { deck: '7' } });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/v1/jobs/${job.id}`);
    expect(job).toMatchObject({
      state: 'queued',
      version: 1,
      priority: 'high',
      metadata: { deck: '7' },
      blocked: null,
    });
    expect(JSON.stringify(job)).not.toContain(SECRET);

    const stored = (await api.store.get(refs.job(job.id)))?.data;
    expect(stored).toMatchObject({ tenant: 'acme', home: 'pool@local', runTimeoutMs: 60_000, maxAttempts: 3 });
    expect(JSON.stringify(stored)).not.toContain(SECRET);
    expect((await api.store.get(refs.jobPrivate(job.id)))?.data.webhookSecret).toBe(SECRET);
    expect((await api.store.get(refs.event(job.id, 1)))?.data).toMatchObject({ to: 'queued', open: true });
    expect(api.published).toEqual([{ queue: 'pool@local' }]);
  });

  test('is accepted though its nudge cannot be published', async () => {
    api = await serveApi(() => ({ bus: { publish: () => Promise.reject(new Error('the bus is down')) } }));
    expect((await submit(GOOD))[0].status).toBe(201);
    expect(api.log.lines.some((line) => line.level === 'error')).toBe(true);
  });

  test('200 at once with 20 keys make 20 jobs, each key one', async () => {
    api = await serveApi();
    const keyOf = (n: number): string => `key-${n % 20}`;
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        submit({ ...GOOD, input: { text: keyOf(n) } }, { 'Idempotency-Key': keyOf(n) }),
      ),
    );
    expect(answers.filter(([answer]) => answer.status === 201)).toHaveLength(20);
    expect(answers.filter(([answer]) => answer.headers.get('idempotent-replayed') === 'true')).toHaveLength(180);
    expect(new Set(answers.map(([, job]) => `${job.id} ${JSON.stringify(job.input)}`)).size).toBe(20);
    const listed = JobList.parse(await (await api.send('GET', '/v1/jobs?limit=100')).json());
    expect(listed.items).toHaveLength(20);
  });

  test('again with its key, because its first nudge was lost, nudges again', async () => {
    let isDown = true;
    const nudges: unknown[] = [];
    const publish = async (_: string, message: unknown): Promise<void> => {
      if (isDown) throw new Error('the bus is down');
      nudges.push(message);
    };
    api = await serveApi(() => ({ bus: { publish } }));
    const headers = { 'Idempotency-Key': 'k1' };
    await submit(GOOD, headers);
    isDown = false;
    expect((await submit(GOOD, headers))[0].status).toBe(200);
    expect(nudges).toEqual([{ queue: 'pool@local' }]);
  });

  test('with the same key and another body is refused; key order and space make no other body', async () => {
    api = await serveApi();
    const headers = { 'Idempotency-Key': 'k1' };
    const [, job] = await submit(GOOD, headers);
    const [again, same] = await submit('{ "input": {"text":"hello"}, "model":"slide-text" }', headers);
    expect([again.status, same.id]).toEqual([200, job.id]);
    const other = await api.send('POST', '/v1/jobs', { body: { ...GOOD, priority: 'low' }, headers });
    expect(other.status).toBe(422);
    expect(await other.json()).toMatchObject({
      code: 'idempotency_key_reused',
      errors: [{ field: 'Idempotency-Key' }],
    });
  });

  test("with another tenant's key is another job", async () => {
    api = await serveApi();
    const headers = { 'Idempotency-Key': 'k1' };
    const [, mine] = await submit(GOOD, headers);
    const [answer, theirs] = await submit(GOOD, { ...headers, authorization: `Bearer ${OTHER_KEY}` });
    expect(answer.status).toBe(201);
    expect(theirs.id).not.toBe(mine.id);
    expect((await api.send('GET', `/v1/jobs/${theirs.id}`)).status).toBe(404);
    expect((await api.send('POST', `/v1/jobs/${theirs.id}/cancel`)).status).toBe(404);
    const listed = JobList.parse(await (await api.send('GET', '/v1/jobs')).json());
    expect(listed.items.map((item) => item.id)).toEqual([mine.id]);
  });

  test('is replayed though by now it would be refused', async () => {
    let isRefused = false;
    api = await serveApi(({ http }) => ({
      http: { ...http, check: (url) => http.check(isRefused ? 'http://localhost/' : url) },
    }));
    const body = { ...GOOD, webhook: { url: 'https://example.com/', secret: SECRET } };
    const [, job] = await submit(body, { 'Idempotency-Key': 'k1' });
    isRefused = true;
    const [again, same] = await submit(body, { 'Idempotency-Key': 'k1' });
    expect([again.status, same.id]).toEqual([200, job.id]);
    expect((await api.send('POST', '/v1/jobs', { body })).status).toBe(422);
  });
});

describe('a job that depends on others', () => {
  test('is born blocked with its edges, and takes its input from the outputs when they are there', async () => {
    api = await serveApi();
    const [, a] = await submit(GOOD);
    const [, b] = await submit(GOOD);
    const input = { text: { $output: { job: a.id, path: '/text' } } };
    const [answer, child] = await submit({ model: 'slide-text', input, dependsOn: [b.id, a.id, b.id] });
    expect(answer.status).toBe(201);
    expect(child).toMatchObject({ state: 'blocked', blocked: { reason: 'dependency' } });
    expect(new Set(child.dependsOn)).toEqual(new Set([a.id, b.id]));
    expect(child.inputFrom).toEqual([{ pointer: '/text', job: a.id, path: '/text' }]);
    for (const parent of [a, b]) expect(await api.store.get(refs.edge(parent.id, child.id))).not.toBeNull();

    await endJob(a.id, 'succeeded', { text: 'from a' });
    await endJob(b.id, 'succeeded', {});
    const [, late] = await submit({ model: 'slide-text', input, dependsOn: [b.id] });
    expect(late).toMatchObject({ state: 'queued', input: { text: 'from a' } });
  });

  test('is judged without the values still to come, and only without them', async () => {
    api = await serveApi();
    const [, a] = await submit(GOOD);
    const later = { $output: { job: a.id, path: '' } };
    const [, child] = await submit({ model: 'form', input: { text: later, count: 1, page: { url: later } } });
    expect(child.state).toBe('blocked');
    const answer = await api.send('POST', '/v1/jobs', { body: { model: 'form', input: { text: later, count: 'x' } } });
    expect(await answer.json()).toMatchObject({ code: 'invalid_input', errors: [{ field: '/input/count' }] });
  });

  test("cannot depend on another tenant's job", async () => {
    api = await serveApi();
    const [, theirs] = await submit(GOOD, { authorization: `Bearer ${OTHER_KEY}` });
    const answer = await api.send('POST', '/v1/jobs', { body: { ...GOOD, dependsOn: [theirs.id] } });
    expect(await answer.json()).toMatchObject({ code: 'unknown_dependency', errors: [{ field: '/dependsOn/0' }] });
  });
});

describe('Prefer: wait', () => {
  test('holds a submission until the job has ended', async () => {
    api = await serveApi();
    const waiting = submit(GOOD, { Prefer: 'wait=30', 'Idempotency-Key': 'k' });
    const [, job] = await submit(GOOD, { 'Idempotency-Key': 'k' });
    await endJob(job.id, 'succeeded', { text: 'done' });
    const [answer, ended] = await waiting;
    expect(answer.headers.get('preference-applied')).toBe('wait=30');
    expect(ended).toMatchObject({ id: job.id, state: 'succeeded', output: { text: 'done' } });
  });

  test('counts for nothing in the line that says how long the submission took', async () => {
    let now = 1_000;
    const stored = Promise.withResolvers<void>();
    api = await serveApi(({ bus, clock }) => ({
      bus: {
        publish: async (...nudge) => {
          await bus.publish(...nudge);
          now += 250;
          stored.resolve();
        },
      },
      clock: { ...clock, nowMs: () => now },
    }));
    const waiting = submit(GOOD, { Prefer: 'wait=30', 'Idempotency-Key': 'k' });
    await stored.promise;
    const line = await api.log.line(({ message }) => message === 'job accepted');
    now += 20_000;
    const { items } = JobList.parse(await (await api.send('GET', '/v1/jobs')).json());
    await endJob(items[0]?.id ?? '', 'succeeded', { text: 'done' });
    const [, job] = await waiting;
    expect(line).toEqual({
      level: 'info',
      message: 'job accepted',
      fields: { via: 'https', job: job.id, model: 'slide-text', isNew: true, tookMs: 250 },
    });
    expect(api.log.lines.filter(({ message }) => message === 'job accepted')).toHaveLength(1);
  });

  test('gives the job as it is when the time is up', async () => {
    api = await serveApi(({ clock }) => ({
      clock: { ...clock, after: (ms, fn) => clock.after(ms / 100, fn), nowMs: fast },
    }));
    const [, job] = await submit(GOOD);
    const answer = await api.send('GET', `/v1/jobs/${job.id}`, { headers: { Prefer: 'wait=5' } });
    expect(JobResource.parse(await answer.json()).state).toBe('queued');
    expect(answer.headers.get('preference-applied')).toBe('wait=5');
  });

  test('misses no end that falls between its look and its wait', async () => {
    api = await serveApi();
    const [, job] = await submit(GOOD);
    const store = Object.assign(Object.create(api.store) as Store, {
      get: async (...args: Parameters<Store['get']>) => {
        const read = await api.store.get(...args);
        if ((read?.data as { state?: string }).state === 'queued') await endJob(job.id, 'failed', null);
        return read;
      },
    });
    const clock = { nowMs: () => 0, after: () => () => undefined };
    const read = await waitForEnd({ ...api.deps, store, clock }, job.id, 60, {
      tenant: 'acme',
      gone: new AbortController().signal,
    });
    expect(read?.data.state).toBe('failed');
  });

  test('ends when the client goes away, leaving no watch and no timer', async () => {
    let timers = 0;
    let watches = 0;
    const asked = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    api = await serveApi(({ clock, store }) => ({
      clock: {
        ...clock,
        after: (ms, fn) => {
          timers += 1;
          asked.resolve();
          const callOff = clock.after(ms, fn);
          return () => {
            timers -= 1;
            callOff();
          };
        },
      },
      store: Object.assign(Object.create(store) as Store, {
        watch: (...args: Parameters<Store['watch']>) => {
          watches += 1;
          const stop = store.watch(...args);
          return () => {
            watches -= 1;
            stop();
            ended.resolve();
          };
        },
      }),
    }));
    const [, job] = await submit(GOOD);
    const client = new AbortController();
    const waiting = fetch(`${api.url}/v1/jobs/${job.id}`, {
      headers: { authorization: 'Bearer slw_test-key', prefer: 'wait=60' },
      signal: client.signal,
    });
    await asked.promise;
    client.abort();
    await expect(waiting).rejects.toThrow();
    await ended.promise;
    expect([timers, watches]).toEqual([0, 0]);
  });
});

const startedMs = Date.now();
/** A hundred times as fast as the machine's clock. */
const fast = (): number => startedMs + (Date.now() - startedMs) * 100;
