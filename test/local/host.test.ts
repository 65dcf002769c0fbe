import { PassThrough } from 'node:stream';
import { expect, jest, test } from '@jest/globals';
import { DAY } from '../../domain/time.ts';
import { systemClock } from '../../host/clock.ts';
import { readLines } from '../../host/lines.ts';
import { jsonLog, lineLog } from '../../host/log.ts';
import { systemRandom } from '../../host/random.ts';

test('a timer is called once when it is due, a month away too, and not after it was called off', () => {
  jest.useFakeTimers();
  try {
    const calls: string[] = [];
    systemClock.after(1_000, () => calls.push('soon'));
    systemClock.after(40 * DAY, () => calls.push('late'));
    const callOff = systemClock.after(30 * DAY, () => calls.push('never'));
    jest.advanceTimersByTime(26 * DAY);
    expect(calls).toEqual(['soon']);
    callOff();
    jest.advanceTimersByTime(14 * DAY - 1);
    expect(calls).toEqual(['soon']);
    jest.advanceTimersByTime(1);
    expect(calls).toEqual(['soon', 'late']);
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

test('ids are 26 lower-case letters and digits that do not repeat; hex and unit keep their ranges', () => {
  const ids = Array.from({ length: 2_000 }, () => systemRandom.id());
  for (const id of ids) expect(id).toMatch(/^[a-z0-9]{26}$/);
  expect(new Set(ids).size).toBe(ids.length);
  expect(systemRandom.hex(32)).toMatch(/^[0-9a-f]{64}$/);
  const units = Array.from({ length: 2_000 }, () => systemRandom.unit());
  for (const unit of units) expect(unit >= 0 && unit < 1).toBe(true);
  expect(Math.max(...units) - Math.min(...units)).toBeGreaterThan(0.9);
});

test('a log line is one line of JSON, whatever the message holds, and fields cannot pass for it', () => {
  const lines: string[] = [];
  jsonLog((line) => lines.push(line)).error('two\nlines', { severity: 'INFO', n: 1, none: null });
  expect(lines[0]).not.toContain('\n');
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    severity: 'ERROR',
    message: 'two\nlines',
    fields: { severity: 'INFO', n: 1, none: null },
  });
});

test.each<[string, 'info' | 'error', string, Record<string, string | number | boolean | null>, string]>([
  ['a message alone', 'info', 'ready', {}, 'info  ready'],
  [
    'fields of each kind',
    'error',
    'lost',
    { slot: 'a~1', n: 2, ok: true, why: null },
    'error lost slot=a~1 n=2 ok=true',
  ],
  ['a value that could be read as more', 'info', 'm', { a: 'b c=d', empty: '' }, 'info  m a="b c=d" empty=""'],
  ['line ends', 'error', 'two\nlines', { last: 'x\ny' }, 'error two\\x0alines last="x\\ny"'],
  ['what would steer a terminal', 'info', '\x1b[2J', { a: '\x1b\x9b' }, 'info  \\x1b[2J a="\\u001b\\x9b"'],
])('a line for a person: %s', (_, level, message, fields, expected) => {
  const lines: string[] = [];
  lineLog((line) => lines.push(line))[level](message, fields);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d /);
  expect(lines[0]?.slice(9)).toBe(expected);
});

test.each<[string, string[], string[]]>([
  ['lines over several chunks', ['a', 'b\nc', '\n'], ['ab', 'c']],
  ['a last line without an end', ['a\nb'], ['a', 'b']],
  ['empty lines and \\r\\n', ['a\r\n\r\nb\n'], ['a', '', 'b']],
  ['a line cut off at 5 characters', ['123', '4567', '89\nnext'], ['12345', 'next']],
  ['nothing', [], []],
])('readLines: %s', async (_, chunks, expected) => {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, 5, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await new Promise((resolve) => stream.once('close', resolve));
  expect(lines).toEqual(expected);
});

test('readLines keeps a character whole that comes in two chunks', async () => {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, 100, (line) => lines.push(line));
  const bytes = Buffer.from('é\n');
  stream.write(bytes.subarray(0, 1));
  stream.end(bytes.subarray(1));
  await new Promise((resolve) => stream.once('close', resolve));
  expect(lines).toEqual(['é']);
});
