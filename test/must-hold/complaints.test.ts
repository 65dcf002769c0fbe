import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync, rmSync, watch } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createClient } from '../../client/index.ts';
import type { JobState } from '../../domain/contract/job.ts';
import { newFolder, testStack, UNHURRIED, type TestStack } from '../stack/test-stack.ts';
import { isAlive } from './processes.ts';

/**
 * What users of other systems complain of, by the issue where they do, as far as it lies in the interface. (A job that is run
 * twice, a late progress that wakes a finished job, a worker that never becomes ready: contention, late-write, slots and
 * worker-killed beside this file.)
 */
let stack: TestStack;
let folder: string;
beforeAll(async () => {
  folder = await newFolder();
  stack = await testStack({ settings: UNHURRIED });
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Resolves with the process of a scripted job once it has noted its start. */
function started(file: string): Promise<number> {
  return new Promise((resolve) => {
    const look = (): void => {
      let pid: number;
      try {
        pid = Number.parseInt(readFileSync(join(folder, file), 'utf8'), 10);
      } catch {
        return;
      }
      if (Number.isNaN(pid)) return;
      watcher.close();
      resolve(pid);
    };
    const watcher = watch(folder, look);
    look();
  });
}

const never = (): string => join(folder, 'never');

test('a job that fails on one machine is told of by webhook, as in the cloud (runpod/runpod-python#410)', async () => {
  const told = Promise.withResolvers<{ type: string; data: { id: string; error: { kind: string } } }>();
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      response.writeHead(204).end();
      told.resolve(JSON.parse(body) as Awaited<typeof told.promise>);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const job = await stack.submit('scripted', { exit: 65 }, { webhook: { url, secret } });
    expect(await told.promise).toMatchObject({
      type: 'job.failed',
      data: { id: job.id, error: { kind: 'invalid_input' } },
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a job that is shown as canceled runs no more: its program is gone (hatchet-dev/hatchet#1147)', async () => {
  const job = await stack.submit('scripted', { startedFile: join(folder, 'canceled'), waitForFile: never() });
  const pid = await started('canceled');
  expect(isAlive(pid)).toBe(true);
  const asked = await stack.call('POST', `/v1/jobs/${job.id}/cancel`);
  expect(['canceling', 'canceled']).toContain(asked.body.state);
  expect((await stack.ended(job.id)).state).toBe('canceled');
  expect(isAlive(pid)).toBe(false);
});

describe('a job can be canceled in each state that is no end (hatchet-dev/hatchet#2573, #1996)', () => {
  const inOneHour = new Date(Date.now() + 3_600_000).toISOString();
  test.each<[string, () => Promise<string>, JobState]>([
    ['running', async () => (await stack.submit('scripted', { waitForFile: never() })).id, 'running'],
    [
      'waiting for another job',
      async () => {
        const parent = await stack.submit('scripted', { waitForFile: never() });
        return (await stack.submit('noop', {}, { dependsOn: [parent.id] })).id;
      },
      'blocked',
    ],
    ['waiting for a time', async () => (await stack.submit('noop', {}, { notBefore: inOneHour })).id, 'blocked'],
    [
      'queued behind workers that never end',
      async () => (await stack.submit('scripted', { waitForFile: never() })).id,
      'queued',
    ],
  ])('%s', async (_, make, state) => {
    const id = await make();
    await stack.until(id, (job) => job.state === state);
    await stack.call('POST', `/v1/jobs/${id}/cancel`);
    expect((await stack.ended(id)).state).toBe('canceled');
  });
});

test('each phase has a name of its own: no job is running before a worker has it (hatchet-dev/hatchet#1280)', async () => {
  // The workers of its pool are all taken by now.
  for (const n of [1, 2]) await stack.submit('scripted', { waitForFile: never(), text: n });
  const { id } = await stack.submit('scripted', { waitForFile: never() });
  const { body } = await stack.call('GET', `/v1/jobs/${id}`);
  expect(body).toMatchObject({ state: 'queued', startedAt: null, attempts: [] });
  const told = await stack.call('GET', `/v1/jobs/${id}/explain`);
  expect(JSON.stringify(told.body)).toMatch(/queue/);
});

test('a job that nobody has ever made is told to be none, not to be pending (Celery’s PENDING)', async () => {
  const { status, body } = await stack.call('GET', `/v1/jobs/${'0'.repeat(26)}`);
  expect([status, body.code]).toEqual([404, 'not_found']);
});

test('a submission whose answer was lost makes one job, and gives its id when it is sent again (runpod/runpod-python#515, vargHQ/sdk#92)', async () => {
  let sent = 0;
  const client = createClient({
    url: stack.url,
    key: stack.apiKey,
    fetch: async (address, init) => {
      const answer = await fetch(address, init);
      sent += 1;
      if (sent > 1) return answer;
      await answer.arrayBuffer();
      throw new TypeError('the connection was reset');
    },
  });
  const label = 'lost-answer';
  const job = await client.createJob({ model: 'noop', input: {}, labels: [label] });
  expect(sent).toBe(2);
  const { body } = await stack.call('GET', `/v1/jobs?label=${label}`);
  expect((body as unknown as { items: { id: string }[] }).items.map(({ id }) => id)).toEqual([job.id]);
});
