import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestStack, testStack, UNHURRIED } from '../stack/test-stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await testStack({ settings: UNHURRIED, modelFolders: [join(import.meta.dirname, '../../gpu-job/models')] });
});
afterAll(() => stack.stop());

const dataUrl = (bytes: Buffer): string => `data:application/pdf;base64,${bytes.toString('base64')}`;
const deck = readFileSync(join(import.meta.dirname, '../../local/demo/deck.pdf'));

test('a broken PDF fails its job with the reason, and the same worker goes on with the next', async () => {
  const broken = await stack.submit('slide-text', { document: dataUrl(deck.subarray(0, 300)) });
  const failed = await stack.ended(broken.id);
  expect(failed).toMatchObject({ state: 'failed', attempt: 1, error: { kind: 'invalid_input' } });
  expect(failed.error?.message).toMatch(/PDF/);

  const read = await stack.ended((await stack.submit('slide-text', { document: dataUrl(deck) })).id);
  expect(read).toMatchObject({ state: 'succeeded', progress: { fraction: 1 } });
  expect(read.attempts[0]).toMatchObject({ worker: failed.attempts[0]?.worker, cold: false });
  const { pages } = read.output as { pages: { text: string }[] };
  expect(pages).toHaveLength(4);
  expect(read.artifacts.map((artifact) => artifact.name).toSorted()).toEqual([
    'page-1.png',
    'page-2.png',
    'page-3.png',
    'page-4.png',
  ]);
  const image = await fetch(read.artifacts[0]?.url ?? '');
  expect(
    Buffer.from(await image.arrayBuffer())
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
}, 60_000);

test('a running job is canceled: its worker stops it and stays', async () => {
  const { id } = await stack.submit('slide-text', { document: dataUrl(deck), scale: 3 });
  await stack.until(id, (job) => (job.progress?.fraction ?? 0) > 0);
  const asked = await stack.call('POST', `/v1/jobs/${id}/cancel`);
  expect(asked.body.state).toBe('canceling');
  expect((await stack.ended(id)).state).toBe('canceled');
  const again = await stack.call('POST', `/v1/jobs/${id}/cancel`);
  expect([again.status, again.body.state]).toEqual([200, 'canceled']);
  expect(
    await stack.ended((await stack.submit('slide-text', { document: dataUrl(deck), maxPages: 4 })).id),
  ).toMatchObject({
    state: 'succeeded',
    attempts: [{ cold: false }],
  });
}, 60_000);
