import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import protobuf from 'protobufjs';
import { PoisonEventError } from '../../domain/errors.ts';
import { decodeDocumentPath } from '../../eventarc/decode-document.ts';
import { decodeIds, decodeMessage, decodeObject, parseEventPath, parsePurgePath } from '../../eventarc/decode.ts';

const NAME = 'projects/p/databases/(default)/documents/jobs/abc/events/3';
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const push = (data: unknown): Buffer => json({ message: { data, messageId: '1', publishTime: '' }, subscription: 's' });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A document by the definitions that Firestore's own client carries, which is on the wire what Eventarc sends. */
function documentBytes(name: string): Buffer {
  const file = join(dirname(createRequire(import.meta.url).resolve('@google-cloud/firestore')), '../protos/v1.json');
  const root = protobuf.Root.fromJSON(JSON.parse(readFileSync(file, 'utf8')) as protobuf.INamespace);
  const type = root.lookupType('google.firestore.v1.Document');
  const fields = {
    seq: { integerValue: 3 },
    open: { booleanValue: true },
    error: { nullValue: 0 },
    ratio: { doubleValue: 0.5 },
    deep: { mapValue: { fields: { list: { arrayValue: { values: [{ stringValue: 'ä' }] } } } } },
    at: { timestampValue: { seconds: 1_795_000_000, nanos: 5 } },
    place: { geoPointValue: { latitude: 1, longitude: 2 } },
    raw: { bytesValue: Buffer.from([0, 255]) },
  };
  return Buffer.from(type.encode(type.fromObject({ name, fields, createTime: { seconds: 1 } })).finish());
}

/** `DocumentEventData`: the document is its field `number`. */
function eventBytes(document: Buffer, number = 1): Buffer {
  const writer = protobuf.Writer.create()
    .uint32((number << 3) | 2)
    .bytes(document);
  return Buffer.from(writer.finish());
}

describe('a Firestore event', () => {
  test.each<[string, Buffer]>([
    ['protobuf, as in production', eventBytes(documentBytes(NAME))],
    ["its base64 text, as Google's emulator sends it", Buffer.from(eventBytes(documentBytes(NAME)).toString('base64'))],
    ['the same with a line end', Buffer.from(`${eventBytes(documentBytes(NAME)).toString('base64')}\n`)],
    ['JSON, where a trigger asks for it', json({ value: { name: NAME, fields: { seq: { integerValue: '3' } } } })],
  ])('names its document: %s', (_, body) => {
    expect(decodeDocumentPath(body, 'jobs/abc/events/3')).toBe('jobs/abc/events/3');
    expect(decodeDocumentPath(body, 'jobs%2Fabc%2Fevents%2F3')).toBe('jobs/abc/events/3');
    expect(decodeDocumentPath(body, undefined)).toBe('jobs/abc/events/3');
  });

  test('every split of protobuf into what looks like base64 is told apart', () => {
    for (let n = 0; n < 300; n += 1) {
      const body = eventBytes(documentBytes(NAME.replace('abc', 'a'.repeat(n + 1))));
      expect(decodeDocumentPath(body, undefined)).toContain('/events/3');
    }
  });

  test.each<[string, unknown, string]>([
    ['no body', undefined, 'there is no body'],
    ['an empty body', Buffer.alloc(0), 'there is no body'],
    ['a deletion, which has no document', eventBytes(documentBytes(NAME), 2), 'names no document'],
    ['another document than it says', eventBytes(documentBytes(`${NAME}4`)), 'another document'],
    ['no name', eventBytes(documentBytes('')), 'names no document'],
    ['half of it', eventBytes(documentBytes(NAME)).subarray(0, 20), 'no DocumentEventData'],
    ['garbage', Buffer.from([0xff, 0xff, 0xff]), 'no DocumentEventData'],
    ['JSON of something else', json({ message: {} }), 'names no document'],
    ['broken JSON', Buffer.from('{"value":'), 'is not JSON'],
    ['a name that is no text', json({ value: { name: 7 } }), 'names no document'],
  ])('that cannot be understood is poison: %s', (_, body, says) => {
    const decode = (): string => decodeDocumentPath(body, 'jobs/abc/events/3');
    expect(decode).toThrow(PoisonEventError);
    expect(decode).toThrow(says);
  });
});

describe('a message', () => {
  test('is the JSON object in its data', () => {
    expect(decodeMessage(push(base64('{"queue":"q@here"}')))).toEqual({ queue: 'q@here' });
  });

  test.each<[string, unknown, string]>([
    ['no body', undefined, 'no body'],
    ['no JSON', Buffer.from('queue=q'), 'the body is not JSON'],
    ['a list', json([]), 'the body is not a JSON object'],
    ['no message', json({}), 'no message.data'],
    ['only attributes', json({ message: { attributes: { a: 'b' } } }), 'no message.data'],
    ['data that is no text', push(7), 'no message.data'],
    ['data that is not base64', push('{"queue"}'), 'not base64'],
    ['base64 cut short', push(base64('{"queue":"q@here"}').slice(0, -1)), 'not base64'],
    ['text inside', push(base64('queue=q')), 'message.data is not JSON'],
    ['a number inside', push(base64('7')), 'message.data is not a JSON object'],
    ['null inside', push(base64('null')), 'message.data is not a JSON object'],
  ])('that cannot be understood is poison: %s', (_, body, says) => {
    expect(() => decodeMessage(body)).toThrow(PoisonEventError);
    expect(() => decodeMessage(body)).toThrow(says);
  });
});

test("sweep's ids are lists of texts under their names, and nothing else is taken", () => {
  expect(decodeIds(json({ slots: ['a'], jobs: [], more: 1 }), ['slots', 'jobs'])).toEqual({ slots: ['a'], jobs: [] });
  expect(decodeIds(json({ slots: ['a'] }), ['slots', 'jobs'])).toEqual({ slots: ['a'], jobs: [] });
  for (const body of [{}, { slots: 'a' }, { slots: [1] }, { slots: null }]) {
    expect(() => decodeIds(json(body), ['slots'])).toThrow('slots is no list of ids');
  }
});

test.each(['jobs/a/events', 'jobs/a/events/x', 'jobs/A/events/1', 'slots/a', '', null, 7])(
  '%p is not the path of a job event',
  (path) => expect(() => parseEventPath(path)).toThrow(PoisonEventError),
);

test('what is kept no longer is a job or a rejection', () => {
  expect(parsePurgePath('jobs/abc')).toEqual({ collection: 'jobs', id: 'abc' });
  expect(parsePurgePath('rejections/0af')).toEqual({ collection: 'rejections', id: '0af' });
  for (const path of ['jobs/a/events/1', 'jobs/', 'slots/a', 'jobs/A', '']) {
    expect(() => parsePurgePath(path)).toThrow(PoisonEventError);
  }
});

test('an object is only what JSON calls one', () => {
  expect(decodeObject(json({ a: 1 }))).toEqual({ a: 1 });
  for (const body of ['"a"', '1', 'null', '[]', '']) expect(() => decodeObject(Buffer.from(body))).toThrow();
});
