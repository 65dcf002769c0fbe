import { afterEach, describe, expect, test } from '@jest/globals';
import { JobResource } from '../../domain/contract/http.ts';
import { UnavailableError, UnclearError } from '../../domain/errors.ts';
import { refs, type Store } from '../../domain/ports.ts';
import { removeFolders } from '../local/folder.ts';
import { serveApi, type TestApi } from './serve-api.ts';

let api: TestApi;
afterEach(async () => {
  await api.stop();
  removeFolders();
});

const GOOD = { model: 'slide-text', input: { text: 'hello' } };

async function submit(body: unknown): Promise<[Response, JobResource]> {
  const answer = await api.send('POST', '/v1/jobs', { body });
  return [answer, JobResource.parse(await answer.json())];
}

describe('an unclear commit', () => {
  const unclear = (store: Store, took: boolean): Pick<Store, 'commit'> => ({
    commit: async (writes) => {
      if (took) await store.commit(writes);
      throw new UnclearError('the connection broke');
    },
  });
  const over = (store: Store, part: Partial<Store>): Store => ({
    get: (ref) => store.get(ref),
    commit: (writes) => store.commit(writes),
    query: (shape, where, options) => store.query(shape, where, options),
    count: (shape, where, limit) => store.count(shape, where, limit),
    watch: (target, onChange) => store.watch(target, onChange),
    ...part,
  });

  test('that was repeated on the way, and so stands against itself, is a new job', async () => {
    const twice = async (store: Store, writes: Parameters<Store['commit']>[0]): Promise<void> => {
      await store.commit(writes);
      await store.commit(writes);
    };
    api = await serveApi(({ store }) => ({ store: over(store, { commit: (writes) => twice(store, writes) }) }));
    const [answer, job] = await submit(GOOD);
    expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([201, null]);
    expect(api.published).toEqual([{ queue: 'pool@local' }]);
    expect((await api.store.get(refs.job(job.id)))?.data.state).toBe('queued');
  });

  test('that took effect is a success', async () => {
    api = await serveApi(({ store }) => ({ store: over(store, unclear(store, true)) }));
    const [answer, job] = await submit(GOOD);
    expect(answer.status).toBe(201);
    expect((await api.store.get(refs.job(job.id)))?.data.state).toBe('queued');
  });

  test('that did not is 503 with a time to come back', async () => {
    api = await serveApi(({ store }) => ({ store: over(store, unclear(store, false)) }));
    const answer = await api.send('POST', '/v1/jobs', { body: GOOD });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.json()).toMatchObject({ code: 'unavailable' });
  });

  test('of a keyed job that was canceled meanwhile answers the job as it stands', async () => {
    let commits = 0;
    api = await serveApi(({ store }) => ({
      store: over(store, {
        commit: async (writes) => {
          commits += 1;
          if (commits === 3) throw new UnclearError('the connection broke');
          await store.commit(writes);
        },
      }),
    }));
    const asked = { body: GOOD, headers: { 'idempotency-key': 'k' } };
    const first = JobResource.parse(await (await api.send('POST', '/v1/jobs', asked)).json());
    await api.send('POST', `/v1/jobs/${first.id}/cancel`);
    const replay = await api.send('POST', '/v1/jobs', asked);
    expect([commits, replay.status, replay.headers.get('idempotent-replayed')]).toEqual([3, 200, 'true']);
    expect(JobResource.parse(await replay.json())).toMatchObject({ id: first.id, state: 'canceled' });
  });

  test('a store that does not answer is 503 with a time to come back, and nothing is lost by asking again', async () => {
    let isDown = false;
    const down = (): Promise<never> => Promise.reject(new UnavailableError('the store did not answer'));
    api = await serveApi(({ store }) => ({ store: over(store, { get: (ref) => (isDown ? down() : store.get(ref)) }) }));
    const [, { id }] = await submit(GOOD);
    isDown = true;
    const answer = await api.send('GET', `/v1/jobs/${id}`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    isDown = false;
    expect((await api.send('GET', `/v1/jobs/${id}`)).status).toBe(200);
  });

  test('a fault of ours is 500 and tells nothing of itself', async () => {
    api = await serveApi(({ store }) => ({
      store: over(store, { commit: () => Promise.reject(new Error('disk /dev/sda7 broke')) }),
    }));
    const answer = await api.send('POST', '/v1/jobs', { body: GOOD });
    expect(answer.status).toBe(500);
    const text = await answer.text();
    expect(text).toContain('"code":"internal"');
    expect(text).not.toContain('sda7');
    expect(JSON.stringify(api.log.lines)).toContain('sda7');
    expect((await api.send('GET', '/v1/models')).status).toBe(200);
  });
});
