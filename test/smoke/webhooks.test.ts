import { describe, expect, test } from '@jest/globals';
import { faultOf, missingOf, saidOf, type Owed, type Told } from '../../scripts/smoke/webhooks.ts';

const owed: Owed[] = [
  { job: 'a', version: 1, type: 'job.queued' },
  { job: 'a', version: 2, type: 'job.started' },
  { job: 'b', version: 2, type: 'job.canceled' },
];
const told: Told[] = owed.map((each, i) => ({ ...each, messageId: `m${i}` }));
const [first, second, third] = told as [Told, Told, Told];

describe('webhooks that are owed', () => {
  test.each<[string, Told[], Owed[]]>([
    ['none came', [], owed],
    ['one came', [second], [owed[0] as Owed, owed[2] as Owed]],
    ['all came', told, []],
  ])('%s', (_, came, missing) => {
    expect(missingOf(owed, came)).toEqual(missing);
  });

  test.each<[string, Told[], string | null]>([
    ['as they are owed', told, null],
    ['one twice', [...told, first], null],
    ['one of another type', [{ ...first, type: 'job.failed' }], 'job.failed came as version 1, which is job.queued'],
    ['one that nobody asked for', [{ ...third, version: 1 }], 'job.canceled came for version 1, which asks for none'],
    ['one under two ids', [first, { ...first, messageId: 'm9' }], 'job.queued came under two ids, m0 and m9'],
  ])('%s', (_, came, fault) => {
    expect(faultOf(owed, came)).toBe(fault);
  });

  test.each<[string, Told[], string]>([
    ['in order', told, '3 came, all signed right, in order of version'],
    ['late', [second, first, third], '3 came, all signed right, in order of version, once sorted by it'],
    ['twice', [...told, second], '3 came, all signed right, in order of version, 1 of them again'],
  ])('that came %s are said to have', (_, came, said) => {
    expect(saidOf(came)).toBe(said);
  });
});
