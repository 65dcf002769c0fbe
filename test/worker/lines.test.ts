import { describe, expect, test } from '@jest/globals';
import { LineSplitter, parseAnswerLine, parseLine } from '../../gpu-job/runners/lines.ts';

const progress = (fraction: number | null, message: string | null) => ({ kind: 'progress', fraction, message });
const log = (text: string) => ({ kind: 'log', text });

describe('a line of output', () => {
  test.each([
    ['{"progress":{"fraction":0.5,"message":"half"}}', progress(0.5, 'half')],
    ['{"progress":{"fraction":7}}', progress(1, null)],
    ['{"progress":{"fraction":-1,"message":null}}', progress(0, null)],
    ['{"progress":{"message":"loading"}}', progress(null, 'loading')],
    [' {"metric": {"name": "plddt", "value": 81.5}} ', { kind: 'metric', name: 'plddt', value: 81.5 }],
    ['{"log":"hello"}', log('hello')],
    [
      '{"artifact":{"name":"a.png","path":"a.png","contentType":"image/png"}}',
      { kind: 'artifact', name: 'a.png', path: 'a.png', contentType: 'image/png' },
    ],
    ['{"artifact":{"name":"a.png","path":"x"}}', { kind: 'artifact', name: 'a.png', path: 'x', contentType: null }],
    // What only looks like a word of the protocol is what the program printed.
    [
      '{"progress":{"fraction":0.5},"metric":{"name":"a","value":1}}',
      log('{"progress":{"fraction":0.5},"metric":{"name":"a","value":1}}'),
    ],
    ['{"progress":"half"}', log('{"progress":"half"}')],
    ['{"metric":{"name":"a","value":"1"}}', log('{"metric":{"name":"a","value":"1"}}')],
    ['{"__proto__":{}}', log('{"__proto__":{}}')],
    ['{"toString":1}', log('{"toString":1}')],
    ['{"output":1}', log('{"output":1}')],
    ['{broken', log('{broken')],
    ['[1]', log('[1]')],
    ['\u001b[32mgreen\u001b[0m', log('green')],
    // Bars as tqdm draws them.
    [' 42%|████▏     | 42/100 [00:10<00:14,  4.1it/s]', progress(0.42, '42/100')],
    ['Sampling:  33%|###3      | 1/3 [00:01<00:02,  1.00s/it]', progress(1 / 3, 'Sampling 1/3')],
    ['100%|██████████| 5/5 [00:00<00:00, 12.0it/s]', progress(1, '5/5')],
    ['model.bin:   7%|▋         | 74.3M/1.02G [00:02<00:30, 31.2MB/s]', progress(0.07, 'model.bin 74.3M/1.02G')],
    ['  0%|          | 0/10 [00:00<?, ?it/s]', progress(0, '0/10')],
    ['\u001b[A 50%|█████     | 1/2 [00:01<00:01]', progress(0.5, '1/2')],
    [' 50%|█████     |', progress(0.5, null)],
    ['steps: 42it [00:10,  4.1it/s]', progress(null, 'steps 42')],
    ['accuracy 42% | better than before', log('accuracy 42% | better than before')],
  ])('%s', (line, said) => {
    expect(parseLine(line)).toEqual(said);
  });

  test('of a million spaces and bars takes no time to read', () => {
    const beganMs = performance.now();
    for (const text of [
      '1%|'.repeat(333),
      ' '.repeat(990) + '%|',
      '1 '.repeat(400) + 'it [',
      ' '.repeat(1_000_000) + '1%|',
    ])
      parseLine(text);
    expect(performance.now() - beganMs).toBeLessThan(200);
  });
});

describe("a line of a server's answer", () => {
  test.each([
    ['{"output":{"a":1}}', { kind: 'output', output: { a: 1 } }],
    ['{"output":null}', { kind: 'output', output: null }],
    [
      '{"error":{"kind":"invalid_input","message":"bad"}}',
      { kind: 'error', error: { kind: 'invalid_input', message: 'bad' } },
    ],
    // A kind that is not the model's to say: it would make the attempt free.
    ['{"error":{"kind":"preempted","message":"x"}}', { kind: 'error', error: { kind: 'model_error', message: 'x' } }],
    ['{"error":{"kind":"no such","message":"x"}}', { kind: 'error', error: { kind: 'model_error', message: 'x' } }],
    ['{"metric":{"name":"a","value":1}}', { kind: 'metric', name: 'a', value: 1 }],
    ['{"error":"x"}', log('{"error":"x"}')],
  ])('%s', (line, said) => {
    expect(parseAnswerLine(line)).toEqual(said);
  });
});

describe('a stream', () => {
  const split = (chunks: Buffer[], maxLength = 100): [string, boolean][] => {
    const lines: [string, boolean][] = [];
    const splitter = new LineSplitter((line, cut) => lines.push([line, cut]), maxLength);
    for (const chunk of chunks) splitter.push(chunk);
    splitter.end();
    return lines;
  };
  const whole = (...lines: string[]) => lines.map((line) => [line, false]);

  test.each([
    ['at every kind of line end', ['a\nb\r\nc\rd'], whole('a', 'b', 'c', 'd')],
    ['wherever its chunks end', ['a', 'b\r', '\nc', 'd\n'], whole('ab', 'cd')],
    ['without its empty lines', ['\n\n \n\ra\n'], whole('a')],
  ])('is cut %s', (_, chunks, lines) => {
    expect(split(chunks.map((chunk) => Buffer.from(chunk)))).toEqual(lines);
  });

  test('keeps a character whole that two chunks share', () => {
    const bytes = Buffer.from('█\n');
    expect(split([bytes.subarray(0, 1), bytes.subarray(1)])).toEqual(whole('█'));
  });

  test('cuts a line that is too long, and says so', () => {
    expect(split([Buffer.from('abcdef'), Buffer.from('ghi\nxy\n')], 4)).toEqual([
      ['abcd', true],
      ['xy', false],
    ]);
  });
});
