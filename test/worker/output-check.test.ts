import { expect, test } from '@jest/globals';
import { Model } from '../../domain/contract/model.ts';
import { outputCheck } from '../../gpu-job/output-check.ts';

const RECURSIVE = { properties: { a: { $ref: '#' } } };
const faultOf = outputCheck(
  Model.parse({
    name: 'm',
    title: 'm',
    description: 'm',
    pool: 'p',
    runner: { kind: 'server', program: 'node' },
    input: {},
    output: RECURSIVE,
  }),
);

const nested = (levels: number, open: string, close: string): unknown =>
  JSON.parse(`${open.repeat(levels - 1)}{}${close.repeat(levels - 1)}`);

test.each([
  ['12 objects', nested(12, '{"a":', '}'), null],
  ['13 objects', nested(13, '{"a":', '}'), /deeper than 12 levels/],
  ['12 lists', nested(12, '[', ']'), null],
  ['13 lists', nested(13, '[', ']'), /deeper than 12 levels/],
  ['100 000 objects', nested(100_000, '{"a":', '}'), /deeper than 12 levels/],
  ['100 000 lists', nested(100_000, '[', ']'), /deeper than 12 levels/],
  ['50 000 values', { list: Array<number>(49_998).fill(1) }, null],
  ['50 001 values', { list: Array<number>(49_999).fill(1) }, /more than 50000 values/],
  ['a million values in lists of lists', Array(1_000).fill(Array(1_000).fill(1)), /more than 50000 values/],
  ['a number', 7, null],
  ['null', null, null],
])('an output of %s is judged before anything recurses into it', (_, output, fault) => {
  if (fault === null) expect(faultOf(output)).toBeNull();
  else expect(faultOf(output)).toMatch(fault);
});
