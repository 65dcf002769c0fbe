import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { encodeMessage } from '../../eventarc/events.ts';
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
    const served = await serveFunction(
      'deliver-webhook',
      { kind: 'http', handler: deliverWebhook(deps) },
      bearerGuard('t'),
      {
        host: '127.0.0.1',
        port: 0,
        log: rig.log,
      },
    );
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
    ['no envelope', '{}'],
    ['not an object', '[]'],
    ['no JSON inside', JSON.stringify({ message: { data: 'bm8=' } })],
    ['no delivery', push({ delivery: 7 })],
    ['a path', push({ delivery: '../jobs/x' })],
    ['ids that are none', '{"ids":["x"]}'],
  ])('acknowledges and logs what it cannot understand: %s', async (_, body) => {
    expect(await post(body)).toBe(204);
    expect(rig.log.lines.map((line) => line.message)).toContain('push not understood');
  });
});
