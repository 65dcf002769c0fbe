import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RejectionList } from '../../domain/contract/rejection.ts';
import { encodeMessage, EVENT_TYPES } from '../../eventarc/events.ts';
import { newFolder, testStack, UNHURRIED, type TestStack } from '../stack/test-stack.ts';

let stack: TestStack;
let folder: string;
let file: string;
beforeAll(async () => {
  folder = await newFolder();
  file = join(folder, 'intake.json');
  stack = await testStack({ dataFolder: folder, settings: UNHURRIED });
});
afterAll(async () => {
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What docs/16-pubsub.md has a program of the machine's owner send. */
async function publish(message: object, id: string, tenant = 'default'): Promise<number> {
  const { url, token } = JSON.parse(readFileSync(file, 'utf8')) as { url: string; token: string };
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-type': EVENT_TYPES.message,
      'ce-source': `//pubsub.googleapis.com/projects/local/topics/job-requests-${tenant}`,
      'ce-id': id,
    },
    body: JSON.stringify(encodeMessage(message, id, Date.now(), 'any')),
  });
  await answer.body?.cancel();
  return answer.status;
}

test('a program of the machine’s owner hands a request over, and its job runs', async () => {
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await publish({ model: 'noop', input: { echo: 1 }, idempotencyKey: 'k' }, '1')).toBe(204);
  const { body } = await stack.call('GET', '/v1/jobs');
  const [{ id = '' } = {}] = (body as unknown as { items: { id: string }[] }).items;
  expect(await stack.ended(id)).toMatchObject({ state: 'succeeded', output: { echo: 1 } });
});

test('a message of the size that Pub/Sub takes is acknowledged and recorded', async () => {
  const input = { text: 'x'.repeat(9_900_000) };
  expect(await publish({ model: 'noop', input, idempotencyKey: 'large' }, '2')).toBe(204);
  const { items } = RejectionList.parse((await stack.call('GET', '/v1/rejections')).body);
  expect(items).toMatchObject([{ message: '2', code: 'body_too_large' }]);
});

test('a tenant whose ends should go to a topic, which no machine has, has its jobs settled all the same', async () => {
  await stack.call('PUT', '/v1/tenants/default', { title: 'This machine', eventsTopic: true });
  // The api goes by what it has read of a tenant for a minute: a tenant of its own has not been read yet.
  await stack.call('PUT', '/v1/tenants/lab', { title: 'The lab', eventsTopic: true });
  expect(await publish({ model: 'noop', input: { echo: 2 }, idempotencyKey: 'k' }, '3', 'lab')).toBe(204);
  const settled = await stack.log.line(
    ({ message, fields }) => message === 'event not published to its tenant' && fields['tenant'] === 'lab',
  );
  expect(settled.fields['error']).toBe('job-events-lab is not on one machine');
  await new Promise<void>((resolve, reject) => {
    const look = (): void => {
      stack.store.count('openEvents', { open: true }, 1).then((open) => {
        if (open > 0) return;
        stop();
        resolve();
      }, reject);
    };
    const stop = stack.store.watch({ shape: 'openEvents', where: { open: true } }, look);
    look();
  });
});

test('the address goes with the stack', async () => {
  await stack.stop();
  expect(existsSync(file)).toBe(false);
});
