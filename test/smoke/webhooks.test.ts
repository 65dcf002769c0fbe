import { describe, expect, test } from '@jest/globals';
import { soonestMs } from '../../scripts/smoke/events.ts';
import { faultOf, missingOf, saidOf, type Owed, type Told } from '../../scripts/smoke/webhooks.ts';

const owed: Owed[] = [
  { job: 'a', version: 1, type: 'job.queued' },
  { job: 'a', version: 2, type: 'job.started' },
  { job: 'b', version: 2, type: 'job.canceled' },
];
const told: Told[] = owed.map((each, i) => ({ ...each, messageId: `m${i}`, eventAtMs: 0, triedAtSeconds: 0 }));
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

describe('a webhook that its trigger carried', () => {
  const STALE_MS = 60_000;
  const tried = (...times: [eventAtMs: number, triedAtSeconds: number][]): Told[] =>
    times.map(([eventAtMs, triedAtSeconds]) => ({ ...first, eventAtMs, triedAtSeconds }));

  test.each<[string, Told[], number | null]>([
    ['none came', [], null],
    ['tried at once', tried([5_900, 5]), 100],
    ['tried in the last second in which sweep takes no such event', tried([5_000, 64]), 60_000],
    ['tried in a second in which sweep may have taken it', tried([5_000, 65]), null],
    ['tried in a second that begins before sweep would take it', tried([5_999, 65]), null],
    ['tried late, as the first after a rest, and the next at once', tried([5_000, 90], [88_000, 90]), 3_000],
    ['tried late, all of them', tried([5_000, 90], [8_000, 90]), null],
  ])('%s', (_, came, soonest) => {
    expect(soonestMs(came, STALE_MS)).toBe(soonest);
  });
});
