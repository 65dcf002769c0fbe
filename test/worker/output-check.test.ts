import { expect, test } from '@jest/globals';
import { Model } from '../../domain/contract/model.ts';
import { outputJudge } from '../../gpu-job/output-check.ts';

const RECURSIVE = { properties: { a: { $ref: '#' } } };
const MODEL = {
  name: 'm',
  title: 'm',
  description: 'm',
  pool: 'p',
  runner: { kind: 'server', program: 'node' },
  input: {},
  output: RECURSIVE,
  limits: { maxOutputBytes: 200_000, maxArtifactBytes: 3_000_000 },
};
const judge = outputJudge(Model.parse(MODEL));

const nested = (levels: number, open: string, close: string): unknown =>
  JSON.parse(`${open.repeat(levels - 1)}{}${close.repeat(levels - 1)}`);

const list = (length: number): unknown => ({ list: Array<number>(length).fill(1) });

test.each([
  ['12 objects', nested(12, '{"a":', '}'), 'inline'],
  ['13 objects', nested(13, '{"a":', '}'), /deeper than 12 levels/],
  ['12 lists', nested(12, '[', ']'), 'inline'],
  ['13 lists', nested(13, '[', ']'), /deeper than 12 levels/],
  ['100 000 objects', nested(100_000, '{"a":', '}'), /deeper than 12 levels/],
  ['100 000 lists', nested(100_000, '[', ']'), /deeper than 12 levels/],
  ['50 000 values', list(49_998), 'inline'],
  ['50 001 values', list(49_999), 'large'],
  ['a million values in lists of lists', Array(1_000).fill(Array(1_000).fill(1)), 'large'],
  ['more values than are looked at', Array(5_001).fill(Array(1_000).fill(null)), /more than 5000000 values/],
  ['as many bytes as a job holds', 'x'.repeat(199_998), 'inline'],
  ['one byte more', 'x'.repeat(199_999), 'large'],
  ['more bytes than an artifact may have', 'x'.repeat(2_999_999), /has 3000001 bytes; the model's bound is 3000000/],
  ['a number', 7, 'inline'],
  ['null', null, 'inline'],
])('an output of %s is judged before anything recurses into it', (_, output, wanted) => {
  const verdict = judge(output);
  if (wanted instanceof RegExp) expect(verdict).toEqual({ kind: 'fault', fault: expect.stringMatching(wanted) });
  else expect(verdict).toEqual({ kind: wanted });
});

test('a large output must fit its schema as any other', () => {
  const text = Model.parse({ ...MODEL, output: { type: 'object' } });
  expect(outputJudge(text)('x'.repeat(199_999))).toMatchObject({
    kind: 'fault',
    fault: expect.stringContaining('must be object') as unknown,
  });
});
