import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { UnavailableError } from '../../domain/errors.ts';
import { NewKeyResource } from '../../domain/contract/tenant-api.ts';
import { create, refs, type Ref, type Store } from '../../domain/ports.ts';
import { MINUTE } from '../../domain/time.ts';
import { authenticator } from '../../functions/api/authenticate.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';
import { removeFolders } from '../local/folder.ts';
import { KEY, serveApi, type ServeOptions, type TestApi } from './serve-api.ts';

/** Where keys are made; they are shown to another Slipway, which does not have them. */
let api: TestApi;
let clock: ManualClock;
beforeEach(async () => {
  clock = manualClock(Date.UTC(2026, 10, 26));
  api = await serveApi(() => ({ clock }));
  await api.send('PUT', '/v1/tenants/alpha', { body: { title: 'A team' } });
});
afterEach(async () => {
  await api.stop();
  removeFolders();
});

const make = async (): Promise<NewKeyResource> =>
  NewKeyResource.parse(await (await api.send('POST', '/v1/tenants/alpha/keys', { body: { name: 'ci' } })).json());
const as = (key: string) => ({ authorization: `Bearer ${key}` });
const keyPath = (key: string): string => refs.key(createHash('sha256').update(key).digest('hex')).path;
const never = (): never => {
  throw new Error('there is no such key');
};

describe('a key is looked up', () => {
  let asked: string[];
  let other: TestApi;
  let fails: boolean;
  const serve = async (options: ServeOptions = {}): Promise<void> => {
    [asked, fails] = [[], false];
    other = await serveApi(
      ({ store }) => ({
        clock,
        store: Object.assign(Object.create(store) as Store, {
          get: async (ref: Ref) => {
            asked.push(ref.path);
            if (fails) throw new UnavailableError('no store');
            return store.get(ref);
          },
        }),
      }),
      clock,
      options,
    );
  };
  afterEach(() => other.stop());
  const ask = (key: string): Promise<Response> => other.send('GET', '/v1/models', { headers: as(key) });
  const refusal = async (key: string): Promise<[number, string]> => {
    const answer = await ask(key);
    return [answer.status, ((await answer.json()) as { detail: string }).detail];
  };

  test('once for all who show it at once, and again where that failed', async () => {
    await serve();
    const authenticate = authenticator(other.deps, { takesChosenKeys: true });
    const request = { headers: as(KEY) } as IncomingMessage;
    const askAll = (): Promise<unknown>[] => Array.from({ length: 50 }, () => authenticate(request));
    expect(await Promise.all(askAll())).toEqual(Array(50).fill(expect.objectContaining({ tenant: 'acme' })));
    expect(asked).toEqual([keyPath(KEY)]);

    clock.set(clock.nowMs() + MINUTE);
    fails = true;
    expect((await Promise.allSettled(askAll())).map(({ status }) => status)).toEqual(Array(50).fill('rejected'));
    fails = false;
    expect(await authenticate(request)).toMatchObject({ tenant: 'acme' });
    expect(asked).toHaveLength(3);
  });

  test('not where it has a letter wrong, is cut off, or has one too many', async () => {
    await serve();
    const { key } = await make();
    const wrong = `${key.slice(0, -9)}${key.at(-9) === 'a' ? 'b' : 'a'}${key.slice(-8)}`;
    for (const text of [wrong, key.slice(0, -1), key.slice(0, 20), `${key}x`, key.toUpperCase(), `${key}%20`]) {
      expect([text, ...(await refusal(text))]).toEqual([
        text,
        401,
        expect.stringMatching(/letter wrong or is cut off/),
      ]);
    }
    expect(asked).toEqual([]);
  });

  test('and is refused for five seconds without another look where it is none', async () => {
    await serve();
    const { key } = await make();
    for (let n = 0; n < 3; n += 1) expect(await refusal(key)).toEqual([401, expect.stringMatching(/not known/)]);
    expect(asked).toHaveLength(1);
    const [stored] = (await api.store.query('keysOfTenant', { tenant: 'alpha' }, { limit: 1 })).items;
    await other.store.commit([create(refs.key(stored?.path.split('/')[1] ?? ''), stored?.data ?? never())]);
    clock.set(clock.nowMs() + 4_999);
    expect((await ask(key)).status).toBe(401);
    clock.set(clock.nowMs() + 1);
    expect((await ask(key)).status).toBe(200);
    expect(asked).toHaveLength(2);
  });

  test('not where no person chooses keys and it is none that was made', async () => {
    await serve({ takesChosenKeys: false });
    expect(await refusal(KEY)).toEqual([401, expect.stringMatching(/not known/)]);
    expect(await refusal('eyJhbGciOiJSUzI1NiJ9.e30.c2ln')).toEqual([401, expect.stringMatching(/ID token/)]);
    expect(asked).toEqual([]);
    const { key } = await make();
    await ask(key);
    expect(asked).toHaveLength(1);
  });

  test('and stands in no line of the log, though the look-up fails', async () => {
    await serve();
    fails = true;
    const { key } = await make();
    expect(await refusal(key)).toEqual([503, expect.not.stringContaining(key.slice(-20))]);
    expect(other.log.lines).toEqual([expect.objectContaining({ level: 'error', message: 'request not answered' })]);
    expect(JSON.stringify(other.log.lines)).not.toContain(key.slice(-20));
  });
});
