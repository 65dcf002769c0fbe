import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { encodeMessage } from '../../eventarc/events.ts';
import { refs } from '../../domain/ports.ts';
import type { Deps } from '../../functions/deps.ts';
import { deliverWebhook } from '../../functions/deliver-webhook.ts';
import { bearerGuard, serveFunction } from '../../functions/serve.ts';
import { removeFolders } from '../local/folder.ts';
import { deliveryRig, ID, type DeliveryRig } from './delivery-rig.ts';

let rig: DeliveryRig;
beforeEach(async () => {
  rig = await deliveryRig();
});
afterEach(() => {
  rig.stop();
  removeFolders();
});

const push = (message: object): string => JSON.stringify(encodeMessage(message, 'm1', 0, 's'));

describe('the function', () => {
  async function post(body: string, deps: Deps = rig.deps): Promise<number> {
    const options = { host: '127.0.0.1', port: 0, log: rig.log };
    const served = await serveFunction('deliver-webhook', deliverWebhook(deps), bearerGuard('t'), options);
    const headers = { authorization: 'Bearer t', 'content-type': 'application/json' };
    const answer = await fetch(served.url, { method: 'POST', headers, body });
    await served.close();
    return answer.status;
  }

  test('takes a push', async () => {
    await rig.owe();
    expect(await post(push({ delivery: ID }))).toBe(204);
    expect(rig.received).toHaveLength(1);
  });

  test("takes sweep's ids, each once, and does the rest though one fails", async () => {
    await rig.owe();
    const { store: real } = rig.deps;
    const get: typeof real.get = (ref) =>
      ref.path.endsWith('bad') ? Promise.reject(new Error('the store is down')) : real.get(ref);
    const deps = { ...rig.deps, store: Object.assign(Object.create(real) as typeof real, { get }) };
    expect(await post(JSON.stringify({ ids: ['j1~9~bad', ID, ID, 'gone~1~job'] }), deps)).toBe(500);
    expect(rig.received).toHaveLength(1);
  });

  test.each([
    ['no JSON', 'no JSON', 'the body is not JSON'],
    ['no envelope', '{}', 'ids is no list of ids'],
    ['not an object', '[]', 'the body is not a JSON object'],
    ['no base64', JSON.stringify({ message: { data: '%%' } }), 'message.data is not base64'],
    ['no JSON inside', JSON.stringify({ message: { data: 'bm8=' } }), 'message.data is not JSON'],
    ['no delivery', push({ delivery: 7 }), 'what should be the id of a delivery is none'],
    ['a path', push({ delivery: '../jobs/x' }), 'what should be the id of a delivery is none'],
    ['ids that are none', '{"ids":["x"]}', 'what should be the id of a delivery is none'],
  ])('acknowledges what it cannot understand and records it once, with the reason: %s', async (_, body, reason) => {
    expect([await post(body), await post(body)]).toEqual([204, 204]);
    const rejected = rig.log.lines.filter((line) => line.message === 'message rejected');
    const id = String(rejected[0]?.fields['rejection']);
    expect((await rig.deps.store.get(refs.rejection(id)))?.data).toMatchObject({
      function: 'deliver-webhook',
      reason,
      excerpt: body,
    });
    expect(new Set(rejected.map((line) => line.fields['rejection']))).toEqual(new Set([id]));
  });

  test('a push that cannot be understood is recorded once, though each try counts itself in its envelope', async () => {
    const tries = [1, 2].map((deliveryAttempt) => {
      const pushed = encodeMessage({ delivery: 7 }, 'm7', 0, 's');
      return post(JSON.stringify({ ...pushed, deliveryAttempt }));
    });
    expect(await Promise.all(tries)).toEqual([204, 204]);
    const told = rig.log.lines.filter((line) => line.message === 'message rejected');
    const ids = new Set(told.map((line) => String(line.fields['rejection'])));
    expect(ids.size).toBe(1);
    expect((await rig.deps.store.get(refs.rejection([...ids][0] ?? '')))?.data.eventId).toBe('m7');
  });

  test('what cannot be recorded is not acknowledged', async () => {
    const { store: real } = rig.deps;
    const commit: typeof real.commit = () => Promise.reject(new Error('the store is down'));
    const store = Object.assign(Object.create(real) as typeof real, { commit });
    expect(await post('no JSON', { ...rig.deps, store })).toBe(500);
  });
});
