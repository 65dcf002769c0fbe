import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { startReceiver, type Receiver } from '../../local/demo/receiver.ts';

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.stop());

const BODY = JSON.stringify({ type: 'job.started', data: { id: 'job-1', version: 2, state: 'running' } });
const send = async (body: string, signedBody = body): Promise<number> => {
  const { url, secret } = receiver.webhook;
  const at = new Date();
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'webhook-id': 'm1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign('m1', at, signedBody),
    },
    body,
  });
  return response.status;
};

test('a webhook that is signed right is taken, and whoever waits for it goes on', async () => {
  const here = receiver.until(() => receiver.received.length === 1, new AbortController().signal);
  expect(await send(BODY)).toBe(204);
  await here;
  expect(receiver.received).toEqual([{ messageId: 'm1', type: 'job.started', jobId: 'job-1', version: 2 }]);
});

test('a webhook whose body is not what was signed is refused and ends the waiting', async () => {
  const here = expect(receiver.until(() => false, new AbortController().signal)).rejects.toThrow(
    /webhook came that does not hold: .*signature/i,
  );
  expect(await send(BODY, `${BODY} `)).toBe(401);
  await here;
  expect(receiver.received).toEqual([]);
});

test('waiting ends with the signal, for its reason', async () => {
  const end = new AbortController();
  const here = expect(receiver.until(() => false, end.signal)).rejects.toThrow('enough');
  end.abort(new Error('enough'));
  await here;
});

test('a file is offered at its own address and nowhere else', async () => {
  const url = receiver.serve(Buffer.from('%PDF'), 'application/pdf');
  const response = await fetch(url);
  expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
    200,
    'application/pdf',
    '%PDF',
  ]);
  expect((await fetch(`${url}0`)).status).toBe(401);
});
