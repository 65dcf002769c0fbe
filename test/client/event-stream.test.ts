import { describe, expect, test } from '@jest/globals';
import { messageReader, type Message } from '../../client/event-stream.ts';

const read = (...pieces: string[]): Message[] => {
  const reader = messageReader();
  return pieces.flatMap((piece) => reader.push(piece));
};
const message = (data: string, event = 'message', id = ''): Message => ({ id, event, data });

describe('a stream of server-sent events', () => {
  test.each<[string, string, Message[]]>([
    ['a message', 'data: a\n\n', [message('a')]],
    ['with an id and a name', 'id: 1\nevent: e\ndata: a\n\n', [message('a', 'e', '1')]],
    [
      'an id stays, a name does not',
      'id: 1\nevent: e\ndata: a\n\ndata: b\n\n',
      [message('a', 'e', '1'), message('b', 'message', '1')],
    ],
    ['lines of data', 'data: a\ndata:\ndata: b\n\n', [message('a\n\nb')]],
    ['one blank alone belongs to the colon', 'data:  a \n\n', [message(' a ')]],
    ['no blank', 'data:a:b\n\n', [message('a:b')]],
    ['a comment', ': still here\n\ndata: a\n: here\n\n', [message('a')]],
    ['a field without a colon', 'data\n\n', [message('')]],
    ['a field that nobody knows', 'colour: red\ndata: a\n\n', [message('a')]],
    ['an id with a NUL', 'id: 1\0\ndata: a\n\n', [message('a')]],
    ['no data', 'event: e\n\ndata: a\n\n', [message('a')]],
    ['an end in the middle of a message', 'data: a\n\ndata: b\n', [message('a')]],
    ['CR LF', 'id: 1\r\ndata: a\r\n\r\ndata: b\r\n\r\n', [message('a', 'message', '1'), message('b', 'message', '1')]],
    ['CR', 'data: a\r\rdata: b\r\r', [message('a'), message('b')]],
    ['all of them', 'data: a\r\n\rdata: b\n\r\n', [message('a'), message('b')]],
  ])('%s is read, however it is cut', (_, text, expected) => {
    expect(read(text)).toEqual(expected);
    expect(read(...text)).toEqual(expected);
    expect(read(...[...text].flatMap((character) => ['', character]))).toEqual(expected);
    for (let at = 1; at < text.length; at += 1) expect(read(text.slice(0, at), text.slice(at))).toEqual(expected);
  });

  test('says how soon to come again, where it is a number', () => {
    const reader = messageReader();
    expect(reader.retryMs()).toBeNull();
    reader.push('retry: 1500\n');
    reader.push('retry: soon\n\n');
    expect(reader.retryMs()).toBe(1_500);
  });
});
