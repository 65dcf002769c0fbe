import { describe, expect, test } from '@jest/globals';
import { Model } from '../../domain/contract/model.ts';
import { validateInput } from '../../functions/http/validate-input.ts';

const model = (input: Record<string, unknown>): Model =>
  Model.parse({
    name: 'm',
    title: 'M',
    description: '',
    pool: 'p',
    runner: { kind: 'command', program: 'node' },
    input: { type: 'object', ...input },
    output: {},
  });
const LATER = { $output: { job: 'a', path: '' } };
const either = { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'number' } }] };

describe('what a value still to come excuses', () => {
  test.each<[string, Record<string, unknown>, unknown, string[], string[]]>([
    ['nothing to come', { properties: { a: { type: 'string' } } }, { a: 1 }, [], ['/input/a']],
    ['its own type', { properties: { a: { type: 'string' } } }, { a: LATER }, ['/a'], []],
    ['what lies in it', { properties: { a: { required: ['x'], type: 'object' } } }, { a: LATER }, ['/a'], []],
    ['a choice that it decides', { properties: { a: either } }, { a: [LATER] }, ['/a/0'], []],
    ['that items differ', { properties: { a: { uniqueItems: true } } }, { a: [LATER, LATER] }, ['/a/0', '/a/1'], []],
    ['not its neighbour', { properties: { b: { type: 'string' } } }, { a: LATER, b: 1 }, ['/a'], ['/input/b']],
    [
      'not one whose name begins alike',
      { properties: { ab: { type: 'string' } } },
      { a: LATER, ab: 1 },
      ['/a'],
      ['/input/ab'],
    ],
    ['not the number of items', { properties: { a: { maxItems: 1 } } }, { a: [LATER, 1] }, ['/a/0'], ['/input/a']],
    ['not a field that is missing', { required: ['b'] }, { a: LATER }, ['/a'], ['/input/b']],
    ['not a field that is too many', { additionalProperties: false, properties: {} }, { a: LATER }, [], ['/input/a']],
    ['everything, as the whole input', { required: ['b'] }, LATER, [''], []],
  ])('%s', (_, schema, input, skip, fields) => {
    expect(validateInput(model(schema), input, skip).map((fault) => fault.field)).toEqual(fields);
  });
});

describe('an input', () => {
  test('is not taken to have what every object has by birth', () => {
    const faults = validateInput(model({ required: ['constructor', 'toString'] }), {}, []);
    expect(faults).toEqual([
      { field: '/input/constructor', message: 'is required' },
      { field: '/input/toString', message: 'is required' },
    ]);
  });

  test('with a fault in every item is told of fifty', () => {
    const schema = model({ properties: { a: { items: { type: 'string' } } } });
    expect(validateInput(schema, { a: Array(1_000).fill(0) }, [])).toHaveLength(50);
  });
});
