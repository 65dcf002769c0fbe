import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import type { CheckName } from '../../scripts/smoke/checks.ts';
import { MODELS, type TestStack, testStack, UNHURRIED } from '../stack/test-stack.ts';
import { inJson, spoiled, type Answer } from './proxy.ts';
import { NOOP, ran } from './ran.ts';

const TIMEOUT_MS = 90_000;

let stack: TestStack;
beforeAll(async () => {
  const models = join(import.meta.dirname, '../../gpu-job/models');
  stack = await testStack({ settings: UNHURRIED, modelFolders: [models, MODELS] });
  // It is not well before its first sweep.
  await stack.sweep();
}, TIMEOUT_MS);
afterAll(() => stack.stop());

describe('a deployment that tells what is not so', () => {
  const isJob = ({ method, path }: Answer): boolean => method === 'GET' && /^\/v1\/jobs\/\w+$/.test(path);
  const isSubmission = ({ method, path }: Answer): boolean => method === 'POST' && path === '/v1/jobs';
  const without = (text: string, type: RegExp): string =>
    text
      .split('\n\n')
      .filter((event) => !type.test(event))
      .join('\n\n');

  test.each<[CheckName, string, (answer: Answer) => void, RegExp]>([
    [
      'timeline',
      'an event that is lost',
      (answer) => {
        if (!answer.path.includes('/events')) return;
        answer.body = Buffer.from(without(answer.body.toString(), /^data: .*"state":"running"/m));
      },
      /its events are 1 queued, 3 succeeded; it is at version 3\.$/,
    ],
    [
      'artifacts',
      'an artifact of another size',
      (answer) => {
        if (!isJob(answer)) return;
        inJson(answer, (job) => {
          for (const artifact of job['artifacts'] as { sizeBytes: number }[]) artifact.sizeBytes += 1;
        });
      },
      /conformer\.mol has \d+ bytes in the place of \d+\.$/,
    ],
    [
      'artifacts',
      'an artifact that is not there',
      (answer) => {
        if (!isJob(answer)) return;
        inJson(answer, (job) => {
          for (const artifact of job['artifacts'] as { url: string }[]) artifact.url = `${stack.url}/v1/nowhere`;
        });
      },
      /conformer\.mol answers HTTP 40\d\.$/,
    ],
    [
      'replay',
      'a replay that does not say that it is one',
      (answer) => {
        if (isSubmission(answer)) answer.headers.delete('idempotent-replayed');
      },
      /the same key and body made job \w+, HTTP 200, in the place of/,
    ],
    [
      'replay',
      'a second job for the same key',
      (answer) => {
        if (isSubmission(answer) && answer.headers.has('idempotent-replayed'))
          inJson(answer, (job) => (job['id'] = 'x'));
      },
      /the same key and body made job x, HTTP 200, in the place of/,
    ],
    [
      'cancel',
      'a job that goes on after it was canceled',
      (answer) => {
        if (answer.path.endsWith('/cancel')) inJson(answer, (job) => (job['state'] = 'running'));
      },
      /is running after it was canceled\.$/,
    ],
  ])(
    'fails %s for %s, and nothing else',
    (check, _, spoil, message) =>
      spoiled(stack.url, spoil, async (url) => {
        // Only a real result has artifacts.
        const sample = check === 'artifacts' ? {} : { sample: NOOP };
        const { isGood, of, last } = await ran(stack, { url, ...sample });
        expect(isGood).toBe(false);
        expect(of(check)).toMatch(/^FAIL/);
        expect(of(check)).toMatch(message);
        expect(last).toMatch(/^1 of 9 checks failed/);
      }),
    TIMEOUT_MS,
  );
});
