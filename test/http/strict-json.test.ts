import { describe, expect, test } from '@jest/globals';
import { RequestError } from '../../domain/errors.ts';
import { MAX_DEPTH, MAX_NODES, parseStrictJson } from '../../functions/http/strict-json.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function refusalOf(body: Uint8Array): RequestError {
  try {
    parseStrictJson(body);
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('strict JSON accepts', () => {
  test.each([
    ['an object', '{"a":[1,-2.5,"x",true,false,null,{"b":{}}]}'],
    ['an empty string as a key', '{"":{"":1}}'],
    ['a surrogate pair', '{"a":"\\ud83d\\ude00😀"}'],
    ['the largest safe integer', '[9007199254740991,-9007199254740991]'],
    ['a magnitude beyond it', '[1e300, 1.5E-300, 0e5, -0.0]'],
    ['the key constructor', '{"constructor":{"name":"x"}}'],
    ['the key prototype', '{"prototype":1}'],
    ['the same key in two objects', '[{"a":1},{"a":1},{"b":{"a":1}}]'],
    ['spaces between and around', ' \n\t {  "a" : [  1 ,\r\n  2 ]  }   '],
    ['keys and texts that differ by their spaces', '{"a  b":"c  d","a   b":"\\"   ","a b":"\\\\"  }'],
    ['the deepest that is allowed', `${'['.repeat(MAX_DEPTH)}${']'.repeat(MAX_DEPTH)}`],
    [
      'the most values that are allowed',
      `[${Array(MAX_NODES - 1)
        .fill('0')
        .join(',')}]`,
    ],
  ])('%s', (_, text) => {
    expect(parseStrictJson(bytes(text))).toEqual(JSON.parse(text));
  });
});

describe('strict JSON refuses', () => {
  test.each([
    ['nothing', '', ''],
    ['what is not JSON', '{"a":1,}', ''],
    ['a comment', '{"a":1} // x', ''],
    ['NaN', '{"a":NaN}', ''],
    ['a byte order mark', '\uFEFF{}', ''],
    ['a key twice', '{"a":1,"b":{"x":1,"x":2}}', '/b/x'],
    ['a key twice, written differently', '{"a":1,"\\u0061":2}', '/a'],
    ['__proto__', '{"a":[{"__proto__":{}}]}', '/a/0/__proto__'],
    ['__proto__, written differently', '{"\\u005f_proto__":1}', '/__proto__'],
    ['constructor.prototype', '{"constructor":{"prototype":{}}}', '/constructor/prototype'],
    ['a number beyond all', '[0,1e999]', '/1'],
    ['an integer that would be rounded', '{"a":{"b":9007199254740993}}', '/a/b'],
    ['a number that would become zero', '{"a":1e-999}', '/a'],
    ['half a surrogate pair', '{"a~/b":"\\ud800"}', '/a~0~1b'],
    ['half a surrogate pair in a key', '{"\\udc00":1}', '/\udc00'],
    ['more values than are allowed', `[${Array(MAX_NODES).fill('0').join(',')}]`, `/${MAX_NODES - 1}`],
    ['one level too many', `${'['.repeat(MAX_DEPTH + 1)}${']'.repeat(MAX_DEPTH + 1)}`, '/0'.repeat(MAX_DEPTH)],
    ['depth 5 000', `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`, '/a'.repeat(MAX_DEPTH)],
    ['depth 200 000', `${'['.repeat(200_000)}${']'.repeat(200_000)}`, '/0'.repeat(MAX_DEPTH)],
  ])('%s', (_, text, field) => {
    const refusal = refusalOf(bytes(text));
    expect(refusal.code).toBe('invalid_json');
    expect(refusal.errors.map((error) => error.field)).toEqual([field]);
  });

  test.each([
    ['a lone byte', [0x22, 0xff, 0x22]],
    ['an overlong form', [0x22, 0xc0, 0xaf, 0x22]],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0, 0x7d, 0]],
  ])('bytes that are not UTF-8: %s', (_, body) => {
    expect(refusalOf(Uint8Array.from(body)).message).toContain('UTF-8');
  });
});
