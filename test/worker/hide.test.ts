import { describe, expect, test } from '@jest/globals';
import { checkSecrets, hideIn, hideNothing, hiderOf } from '../../gpu-job/hide.ts';

const hide = (text: string, ...secrets: readonly string[]): string =>
  hiderOf({ input: { s: secrets }, secretInputs: secrets.map((_, i) => `/s/${i}`) })(text);

describe('a secret is hidden', () => {
  test.each([
    ['wherever it stands', 'a hunter22, hunter22!', ['hunter22'], 'a [secret], [secret]!'],
    ['as JSON writes it', '{"k":"a\\"b\\\\cde"}', ['a"b\\cde'], '{"k":"[secret]"}'],
    ['as an address has it', '?key=a%2Fb%20c%2Bd', ['a/b c+d'], '?key=[secret]'],
    ['with the signs of patterns in it', 'x (.*)+[a]$^|- y', ['(.*)+[a]$^|-'], 'x [secret] y'],
    ['line by line', '-----KEY----- and MIIEvQIBAD', ['-----KEY-----\nMIIEvQIBAD\n'], '[secret] and [secret]'],
    ['whole, where another is a part of it', 'abcdefgh', ['abcdef', 'abcdefgh'], '[secret]'],
    ['each of several', 'first-1 second-2', ['first-1', 'second-2'], '[secret] [secret]'],
    ['but not where it is shorter than 6 characters', 'abcde', ['abcde'], 'abcde'],
    ['but not in other case', 'HUNTER22', ['hunter22'], 'HUNTER22'],
  ])('%s', (_, text, secrets, shown) => {
    expect(hide(text, ...secrets)).toBe(shown);
  });

  test('in every text of a value, names included, and in nothing else', () => {
    const only = hiderOf({ input: { t: '123456' }, secretInputs: ['/t'] });
    const value = { a: ['x123456', { 123456: null }], n: 123_456, b: true };
    expect(hideIn(value, only)).toEqual({ a: ['x[secret]', { '[secret]': null }], n: 123_456, b: true });
    expect(hideIn(value, hideNothing)).toBe(value);
  });
});

test('a job whose secret did not come with it is told what to do', () => {
  const job = { input: { token: { $secret: true } }, secretInputs: ['/token'] };
  expect(() => checkSecrets(job)).toThrow(/input\/token is secret and kept no longer: submit the job anew/);
  expect(() => checkSecrets({ input: { token: 'x' }, secretInputs: ['/token'] })).not.toThrow();
  expect(hiderOf(job)('token')).toBe('token');
});
