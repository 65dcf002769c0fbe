import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import type { Delivery } from '../../domain/contract/delivery.ts';
import type { JobEvent } from '../../domain/contract/job.ts';
import type { Http } from '../../domain/ports.ts';
import { DEFAULT_SETTINGS } from '../../domain/settings.ts';
import { MINUTE, NEVER_MS, SECOND } from '../../domain/time.ts';
import { webhookBody } from '../../domain/webhook-event.ts';
import type { Deps } from '../../functions/deps.ts';
import { deliver } from '../../functions/deliver/deliver.ts';
import { createHttp } from '../../host/http.ts';
import { removeFolders } from '../local/folder.ts';
import { BODY, deliveryRig, ID, SECRET, status, type DeliveryRig } from './delivery-rig.ts';

const STILL = new AbortController().signal;
const T0 = Date.UTC(2026, 10, 26);
let rig: DeliveryRig;
beforeEach(async () => {
  rig = await deliveryRig();
});
afterEach(() => {
  rig.stop();
  removeFolders();
});

/** Lets a delivery that failed once wait for its second try, then lets the time pass. */
async function passSecondTry(delivering: Promise<void>): Promise<void> {
  while (rig.clock.timers().length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(rig.clock.timers()).toEqual([5 * SECOND]);
  rig.clock.set(rig.clock.nowMs() + 5 * SECOND);
  await delivering;
}

describe('a delivery', () => {
  test('is signed so that the reference library accepts it, and recorded', async () => {
    await rig.owe();
    rig.answers.push(status(200, {}, 'thank you'));
    await deliver(rig.deps, ID, STILL);
    const [request] = rig.received;
    const headers = request?.headers as Record<string, string>;
    expect(new Webhook(SECRET).verify(request?.body ?? '', headers)).toEqual(JSON.parse(BODY));
    expect(request?.body).toBe(BODY);
    expect(headers['webhook-id']).toBe('evt_j1_3');
    const other = new Webhook(`whsec_${Buffer.alloc(32, 1).toString('base64')}`);
    expect(() => other.verify(request?.body ?? '', headers)).toThrow();
    expect(await rig.read()).toMatchObject({
      state: 'delivered',
      claims: 1,
      nextAtMs: NEVER_MS,
      attempts: [{ status: 200, failure: null, excerpt: 'thank you' }],
    });
  });

  test('that fails is tried again 5 s later by the same call, under the same id and with a new time', async () => {
    await rig.owe();
    rig.answers.push(status(500), status(200));
    await passSecondTry(deliver(rig.deps, ID, STILL));
    const [first, second] = rig.received.map(({ headers }) => headers);
    expect(second?.['webhook-id']).toBe(first?.['webhook-id']);
    expect(Number(second?.['webhook-timestamp']) - Number(first?.['webhook-timestamp'])).toBe(5);
    const after = await rig.read();
    expect(after.attempts.map((attempt) => attempt.status)).toEqual([500, 200]);
    expect(after).toMatchObject({ state: 'delivered', claims: 2 });
  });

  test('that fails on and on follows the schedule by its due times and ends exhausted', async () => {
    await rig.owe();
    rig.answers.push(...Array.from({ length: 10 }, () => status(500)));
    await passSecondTry(deliver(rig.deps, ID, STILL));
    const waits: number[] = [];
    for (let delivery = await rig.read(); delivery.state === 'pending'; delivery = await rig.read()) {
      waits.push(delivery.nextAtMs - rig.clock.nowMs());
      rig.clock.set(delivery.nextAtMs - 1);
      await deliver(rig.deps, ID, STILL);
      expect((await rig.read()).claims).toBe(delivery.claims);
      rig.clock.set(delivery.nextAtMs);
      await deliver(rig.deps, ID, STILL);
    }
    expect(waits).toEqual(DEFAULT_SETTINGS.deliveryScheduleMs.slice(2));
    expect(await rig.read()).toMatchObject({ state: 'exhausted', claims: 10, nextAtMs: NEVER_MS });
    expect(rig.received).toHaveLength(10);
  });

  test('is sent once by any number of calls at once', async () => {
    await rig.owe();
    await Promise.all(Array.from({ length: 20 }, () => deliver(rig.deps, ID, STILL)));
    expect(rig.received).toHaveLength(1);
    await deliver(rig.deps, ID, STILL);
    expect(rig.received).toHaveLength(1);
  });

  test('is claimed before it is sent: a crash in between leaves it to sweep, not before it is surely over', async () => {
    await rig.owe();
    const crash: Http = { ...rig.deps.http, send: () => Promise.reject(new Error('power cut')) };
    await expect(deliver({ ...rig.deps, http: crash }, ID, STILL)).rejects.toThrow('power cut');
    expect(await rig.read()).toMatchObject({ state: 'pending', claims: 1, attempts: [] });
    await deliver(rig.deps, ID, STILL);
    expect(rig.received).toHaveLength(0);
    rig.clock.set((await rig.read()).nextAtMs);
    await deliver(rig.deps, ID, STILL);
    expect(await rig.read()).toMatchObject({ state: 'delivered', claims: 2 });
  });

  test('whose last try was lost is exhausted when it is next looked at', async () => {
    await rig.owe({ claims: 10 });
    await deliver(rig.deps, ID, STILL);
    expect(await rig.read()).toMatchObject({ state: 'exhausted', nextAtMs: NEVER_MS });
    expect(rig.received).toHaveLength(0);
  });

  test('is left to sweep when the caller hangs up before the second try', async () => {
    await rig.owe();
    rig.answers.push(status(500));
    const caller = new AbortController();
    const delivering = deliver(rig.deps, ID, caller.signal);
    while (rig.clock.timers().length === 0) await new Promise((resolve) => setImmediate(resolve));
    caller.abort();
    await delivering;
    expect(rig.clock.timers()).toEqual([]);
    expect(await rig.read()).toMatchObject({ state: 'pending', claims: 1 });
  });

  test('without a secret is never sent', async () => {
    await rig.owe({}, null);
    await deliver(rig.deps, ID, STILL);
    expect(rig.received).toHaveLength(0);
    expect(await rig.read()).toMatchObject({
      state: 'exhausted',
      attempts: [{ failure: 'its signing secret is gone' }],
    });
  });
});

describe('a try is one structured line', () => {
  const tried = (): readonly Readonly<Record<string, unknown>>[] =>
    rig.log.lines.filter(({ message }) => message === 'webhook tried').map(({ fields }) => fields);
  const bodyOf = (atMs: number): string => {
    const event = { from: 'running', to: 'succeeded', seq: 3, attempt: 1, atMs, error: null } as unknown as JobEvent;
    return webhookBody({ id: 'j1', model: 'm', metadata: {} }, event, 'job.succeeded');
  };

  test('with how long after its event it was made, where it is the first', async () => {
    await rig.owe({ body: bodyOf(rig.clock.nowMs() - 42_000) });
    rig.answers.push(status(500), status(200));
    await passSecondTry(deliver(rig.deps, ID, STILL));
    const said = { delivery: ID, event: 'job.succeeded', failure: null };
    expect(tried()).toEqual([
      expect.objectContaining({ ...said, try: 1, status: 500, toldMs: 42_000, state: 'pending' }),
      expect.objectContaining({ ...said, try: 2, status: 200, toldMs: null, state: 'delivered' }),
    ]);
  });

  test('that says so too where an earlier one was lost before it was made', async () => {
    await rig.owe({ body: bodyOf(rig.clock.nowMs() - 90_000), claims: 1 });
    await deliver(rig.deps, ID, STILL);
    expect(tried()).toEqual([expect.objectContaining({ try: 2, toldMs: 90_000, state: 'delivered' })]);
  });

  test.each([
    ['that begins before its event, by another clock, is made at once', bodyOf(T0 + 5_000), 0],
    ['without an event’s time says nothing of it', BODY, null],
  ])('%s', async (_, body, toldMs) => {
    rig.clock.set(T0);
    await rig.owe({ body });
    await deliver(rig.deps, ID, STILL);
    expect(tried()).toEqual([expect.objectContaining({ try: 1, toldMs })]);
  });
});

describe('a receiver that', () => {
  const tried = async (deps: Deps = rig.deps): Promise<Delivery> => {
    // Not the first try, so that no second one follows in the same call.
    await rig.owe({ claims: 1 });
    await deliver(deps, ID, STILL);
    return rig.read();
  };

  test('answers 410 hears no more', async () => {
    rig.answers.push(status(410));
    expect(await tried()).toMatchObject({ state: 'disabled', nextAtMs: NEVER_MS, attempts: [{ status: 410 }] });
  });

  test('redirects is not followed', async () => {
    rig.answers.push(status(302, { location: `${rig.url}/elsewhere` }));
    expect(await tried()).toMatchObject({ state: 'pending', attempts: [{ status: 302 }] });
    expect(rig.received).toHaveLength(1);
  });

  test('asks for a pause gets it, within bounds', async () => {
    rig.answers.push(status(429, { 'retry-after': '420' }));
    expect((await tried()).nextAtMs - rig.clock.nowMs()).toBe(7 * MINUTE);
  });

  test('drips is given up', async () => {
    rig.answers.push((response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 50);
      response.once('close', () => clearInterval(drip));
    });
    const [attempt] = (await tried()).attempts;
    expect(attempt).toMatchObject({ status: null, failure: 'failed: no complete answer within 400 ms' });
  });

  test('answers at length has its first KiB kept', async () => {
    rig.answers.push(status(500, {}, 'é'.repeat(100_000)));
    expect(Buffer.byteLength((await tried()).attempts[0]?.excerpt ?? '')).toBe(1_024);
  });

  test('sends huge headers fails', async () => {
    rig.answers.push(status(200, { x: 'x'.repeat(100_000) }));
    expect(await tried()).toMatchObject({ state: 'pending', attempts: [{ status: null }] });
  });

  test('lies at an address that is refused costs a try and hears nothing', async () => {
    const [attempt] = (await tried({ ...rig.deps, http: createHttp({ allowLoopback: false }) })).attempts;
    expect(attempt?.failure).toMatch(/^refused: .*loopback/);
    expect(rig.received).toHaveLength(0);
  });
});
