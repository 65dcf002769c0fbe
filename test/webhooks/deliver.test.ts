import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import type { Delivery } from '../../domain/contract/delivery.ts';
import { create, refs, type Http } from '../../domain/ports.ts';
import { DEFAULT_SETTINGS } from '../../domain/settings.ts';
import { MINUTE, NEVER_MS, SECOND } from '../../domain/time.ts';
import { encodeMessage } from '../../eventarc/events.ts';
import type { Deps } from '../../functions/deps.ts';
import { deliver } from '../../functions/deliver/deliver.ts';
import { deliverWebhook } from '../../functions/deliver-webhook.ts';
import { bearerGuard, serveFunction } from '../../functions/serve.ts';
import { createHttp } from '../../host/http.ts';
import { systemRandom } from '../../host/random.ts';
import { openStore, type SqliteStore } from '../../local/sqlite.ts';
import { capturedLog, type CapturedLog } from '../local/capture-log.ts';
import { newFolder, removeFolders } from '../local/folder.ts';
import { manualClock, type ManualClock } from '../local/manual-clock.ts';

const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const BODY = '{"type":"job.succeeded","data":{"id":"j1","name":"Ü"}}';
const ID = 'j1~3~job';
const STILL = new AbortController().signal;

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
let clock: ManualClock;
let store: SqliteStore;
let log: CapturedLog;
let server: Server;
let url: string;
let received: Received[];
let answers: ((response: ServerResponse) => void)[];
let deps: Deps;

beforeEach(async () => {
  // The signature is checked against the real time.
  clock = manualClock(Date.now());
  store = openStore(join(newFolder(), 'slipway.db'), { clock });
  log = capturedLog();
  received = [];
  answers = [];
  const receive: RequestListener = (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      (answers.shift() ?? ((one) => one.end('ok')))(response);
    });
  };
  server = createServer(receive);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const settings = { ...DEFAULT_SETTINGS, deliveryTimeoutMs: 400 };
  const http = createHttp({ allowLoopback: true });
  deps = { store, clock, log, settings, http, random: { ...systemRandom, unit: () => 0 } } as unknown as Deps;
});
afterEach(() => {
  server.close().closeAllConnections();
  store.close();
  removeFolders();
});

async function owe(overrides: Partial<Delivery> = {}, secret: string | null = SECRET): Promise<void> {
  const nowMs = clock.nowMs();
  const delivery: Delivery = {
    schema: 1,
    id: ID,
    tenant: 'acme',
    jobId: 'j1',
    seq: 3,
    endpoint: 'job',
    url,
    type: 'job.succeeded',
    body: BODY,
    state: 'pending',
    claims: 0,
    attempts: [],
    nextAtMs: nowMs,
    createdAtMs: nowMs,
    ...overrides,
  };
  await store.commit([
    create(refs.delivery(delivery.id), delivery),
    create(refs.jobPrivate('j1'), { schema: 1, webhookSecret: secret }),
  ]);
}

async function read(): Promise<Delivery> {
  const found = await store.get(refs.delivery(ID));
  if (found === null) throw new Error('no delivery');
  return found.data;
}

const status =
  (code: number, headers: Record<string, string> = {}, body = '') =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end(body);

/** Lets a delivery that failed once wait for its second try, then lets the time pass. */
async function passSecondTry(delivering: Promise<void>): Promise<void> {
  while (clock.timers().length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(clock.timers()).toEqual([5 * SECOND]);
  clock.set(clock.nowMs() + 5 * SECOND);
  await delivering;
}

describe('a delivery', () => {
  test('is signed so that the reference library accepts it, and recorded', async () => {
    await owe();
    answers.push(status(200, {}, 'thank you'));
    await deliver(deps, ID, STILL);
    const [request] = received;
    const headers = request?.headers as Record<string, string>;
    expect(new Webhook(SECRET).verify(request?.body ?? '', headers)).toEqual(JSON.parse(BODY));
    expect(request?.body).toBe(BODY);
    expect(headers['webhook-id']).toBe('evt_j1_3');
    const other = new Webhook(`whsec_${Buffer.alloc(32, 1).toString('base64')}`);
    expect(() => other.verify(request?.body ?? '', headers)).toThrow();
    expect(await read()).toMatchObject({
      state: 'delivered',
      claims: 1,
      nextAtMs: NEVER_MS,
      attempts: [{ status: 200, failure: null, excerpt: 'thank you' }],
    });
  });

  test('that fails is tried again 5 s later by the same call, under the same id and with a new time', async () => {
    await owe();
    answers.push(status(500), status(200));
    await passSecondTry(deliver(deps, ID, STILL));
    const [first, second] = received.map(({ headers }) => headers);
    expect(second?.['webhook-id']).toBe(first?.['webhook-id']);
    expect(Number(second?.['webhook-timestamp']) - Number(first?.['webhook-timestamp'])).toBe(5);
    const after = await read();
    expect(after.attempts.map((attempt) => attempt.status)).toEqual([500, 200]);
    expect(after).toMatchObject({ state: 'delivered', claims: 2 });
  });

  test('that fails on and on follows the schedule by its due times and ends exhausted', async () => {
    await owe();
    answers.push(...Array.from({ length: 10 }, () => status(500)));
    await passSecondTry(deliver(deps, ID, STILL));
    const waits: number[] = [];
    for (let delivery = await read(); delivery.state === 'pending'; delivery = await read()) {
      waits.push(delivery.nextAtMs - clock.nowMs());
      clock.set(delivery.nextAtMs - 1);
      await deliver(deps, ID, STILL);
      expect((await read()).claims).toBe(delivery.claims);
      clock.set(delivery.nextAtMs);
      await deliver(deps, ID, STILL);
    }
    expect(waits).toEqual(DEFAULT_SETTINGS.deliveryScheduleMs.slice(2));
    expect(await read()).toMatchObject({ state: 'exhausted', claims: 10, nextAtMs: NEVER_MS });
    expect(received).toHaveLength(10);
  });

  test('is sent once by any number of calls at once', async () => {
    await owe();
    await Promise.all(Array.from({ length: 20 }, () => deliver(deps, ID, STILL)));
    expect(received).toHaveLength(1);
    await deliver(deps, ID, STILL);
    expect(received).toHaveLength(1);
  });

  test('is claimed before it is sent: a crash in between leaves it to sweep, not before it is surely over', async () => {
    await owe();
    const crash: Http = { ...deps.http, send: () => Promise.reject(new Error('power cut')) };
    await expect(deliver({ ...deps, http: crash }, ID, STILL)).rejects.toThrow('power cut');
    expect(await read()).toMatchObject({ state: 'pending', claims: 1, attempts: [] });
    await deliver(deps, ID, STILL);
    expect(received).toHaveLength(0);
    clock.set((await read()).nextAtMs);
    await deliver(deps, ID, STILL);
    expect(await read()).toMatchObject({ state: 'delivered', claims: 2 });
  });

  test('whose last try was lost is exhausted when it is next looked at', async () => {
    await owe({ claims: 10 });
    await deliver(deps, ID, STILL);
    expect(await read()).toMatchObject({ state: 'exhausted', nextAtMs: NEVER_MS });
    expect(received).toHaveLength(0);
  });

  test('is left to sweep when the caller hangs up before the second try', async () => {
    await owe();
    answers.push(status(500));
    const caller = new AbortController();
    const delivering = deliver(deps, ID, caller.signal);
    while (clock.timers().length === 0) await new Promise((resolve) => setImmediate(resolve));
    caller.abort();
    await delivering;
    expect(clock.timers()).toEqual([]);
    expect(await read()).toMatchObject({ state: 'pending', claims: 1 });
  });

  test('without a secret is never sent', async () => {
    await owe({}, null);
    await deliver(deps, ID, STILL);
    expect(received).toHaveLength(0);
    expect(await read()).toMatchObject({ state: 'exhausted', attempts: [{ failure: 'its signing secret is gone' }] });
  });
});

describe('a receiver that', () => {
  const tried = async (): Promise<Delivery> => {
    // Not the first try, so that no second one follows in the same call.
    await owe({ claims: 1 });
    await deliver(deps, ID, STILL);
    return read();
  };

  test('answers 410 hears no more', async () => {
    answers.push(status(410));
    expect(await tried()).toMatchObject({ state: 'disabled', nextAtMs: NEVER_MS, attempts: [{ status: 410 }] });
  });

  test('redirects is not followed', async () => {
    answers.push(status(302, { location: `${url}/elsewhere` }));
    expect(await tried()).toMatchObject({ state: 'pending', attempts: [{ status: 302 }] });
    expect(received).toHaveLength(1);
  });

  test('asks for a pause gets it, within bounds', async () => {
    answers.push(status(429, { 'retry-after': '420' }));
    expect((await tried()).nextAtMs - clock.nowMs()).toBe(7 * MINUTE);
  });

  test('drips is given up', async () => {
    answers.push((response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 50);
      response.once('close', () => clearInterval(drip));
    });
    const [attempt] = (await tried()).attempts;
    expect(attempt).toMatchObject({ status: null, failure: 'failed: no complete answer within 400 ms' });
  });

  test('answers at length has its first KiB kept', async () => {
    answers.push(status(500, {}, 'é'.repeat(100_000)));
    expect(Buffer.byteLength((await tried()).attempts[0]?.excerpt ?? '')).toBe(1_024);
  });

  test('sends huge headers fails', async () => {
    answers.push(status(200, { x: 'x'.repeat(100_000) }));
    expect(await tried()).toMatchObject({ state: 'pending', attempts: [{ status: null }] });
  });

  test('lies at an address that is refused costs a try and hears nothing', async () => {
    deps = { ...deps, http: createHttp({ allowLoopback: false }) };
    const [attempt] = (await tried()).attempts;
    expect(attempt?.failure).toMatch(/^refused: .*loopback/);
    expect(received).toHaveLength(0);
  });
});

describe('the function', () => {
  async function post(body: string): Promise<number> {
    const served = await serveFunction(
      'deliver-webhook',
      { kind: 'http', handler: deliverWebhook(deps) },
      bearerGuard('t'),
      {
        host: '127.0.0.1',
        port: 0,
        log,
      },
    );
    const headers = { authorization: 'Bearer t', 'content-type': 'application/json' };
    const answer = await fetch(served.url, { method: 'POST', headers, body });
    await served.close();
    return answer.status;
  }
  const push = (message: object): string => JSON.stringify(encodeMessage(message, 'm1', clock.nowMs(), 's'));

  test('takes a push', async () => {
    await owe();
    expect(await post(push({ delivery: ID }))).toBe(204);
    expect(received).toHaveLength(1);
  });

  test("takes sweep's ids, each once, and does the rest though one fails", async () => {
    await owe();
    const { store: real } = deps;
    const get: typeof real.get = (ref) =>
      ref.path.endsWith('bad') ? Promise.reject(new Error('the store is down')) : real.get(ref);
    deps = { ...deps, store: Object.assign(Object.create(real) as typeof real, { get }) };
    expect(await post(JSON.stringify({ ids: ['j1~9~bad', ID, ID, 'gone~1~job'] }))).toBe(500);
    expect(received).toHaveLength(1);
  });

  test.each([
    ['no envelope', '{}'],
    ['not an object', '[]'],
    ['no JSON inside', JSON.stringify({ message: { data: 'bm8=' } })],
    ['no delivery', push0({ delivery: 7 })],
    ['a path', push0({ delivery: '../jobs/x' })],
    ['ids that are none', '{"ids":["x"]}'],
  ])('acknowledges and logs what it cannot understand: %s', async (_, body) => {
    expect(await post(body)).toBe(204);
    expect(log.lines.map((line) => line.message)).toContain('push not understood');
  });
});

function push0(message: object): string {
  return JSON.stringify(encodeMessage(message, 'm1', 0, 's'));
}
