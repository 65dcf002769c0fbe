import { describe, expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { answerTo } from '../../scripts/deploy/answer.ts';

const asked = (input: PassThrough, signal = new AbortController().signal): Promise<string> =>
  answerTo('Go on? ', input, new PassThrough(), signal);

describe('a question', () => {
  test('is answered by a line', async () => {
    const input = new PassThrough();
    const answer = asked(input);
    input.write('my-project\n');
    expect(await answer).toBe('my-project');
  });

  test('is answered by nothing where the input ends, as Ctrl-D ends it', async () => {
    const input = new PassThrough();
    const answer = asked(input);
    input.end();
    expect(await answer).toBe('');
  });

  test('is answered by nothing where the input had ended before', async () => {
    const input = new PassThrough();
    input.end();
    input.resume();
    expect(await asked(input)).toBe('');
  });

  test('ends with the reason of who interrupts it', async () => {
    const ended = new AbortController();
    const answer = asked(new PassThrough(), ended.signal);
    ended.abort(new Error('Interrupted.'));
    await expect(answer).rejects.toThrow('Interrupted.');
  });
});
