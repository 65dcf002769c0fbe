import { describe, expect, test } from '@jest/globals';
import { cellsOf } from '../../client/command/cells.ts';
import { clipped, fields, shownJson, span, table, wrapped } from '../../client/command/text.ts';

test.each([
  ['short', 5, 'short'],
  ['longer', 5, 'long…'],
  ['two\nlines\u001b[31m', 40, 'two lines [31m'],
  ['ééééé', 3, 'éé…'],
  ['abc', 0, '…'],
  ['漢字かな交じり', 7, '漢字か…'],
  ['漢字かな交じり', 8, '漢字か…'],
  ['漢字', 4, '漢字'],
  ['e\u0301e\u0301e\u0301', 3, 'e\u0301e\u0301e\u0301'],
  ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
  ['🚀🚀', 3, '🚀…'],
])('clipped %j to %i', (text, length, expected) => {
  expect(clipped(text, length)).toBe(expected);
});

describe('a table', () => {
  const rows = [
    ['one', 'a long title of a thing', '1'],
    ['two', 'short', '20'],
  ];
  const columns = [{ head: 'ID' }, { head: 'TITLE', gives: true }, { head: 'N', align: 'right' as const }];

  test('is as wide as it needs to be', () => {
    expect(table(columns, rows, 80)).toEqual([
      'ID   TITLE                     N',
      'one  a long title of a thing   1',
      'two  short                    20',
    ]);
  });

  test('cuts the columns that give, and no others', () => {
    expect(table(columns, rows, 18)).toEqual(['ID   TITLE       N', 'one  a long t…   1', 'two  short      20']);
  });

  test('colours cells, not the blanks of its widths', () => {
    const painted = table(
      [{ head: 'A' }, { head: 'B' }],
      [['x', 'y']],
      80,
      (cell, row, column) => `<${row}${column}${cell}>`,
    );
    expect(painted).toEqual(['A  B', '<00x>  <01y>']);
  });
});

test.each([
  ['abc', 3],
  ['漢字', 4],
  ['ｱｲｳ', 3],
  ['ＡＢ', 4],
  ['한글', 4],
  ['e\u0301', 1],
  ['🚀', 2],
  ['é–…', 3],
])('%s takes %i cells', (text, cells) => {
  expect(cellsOf(text)).toBe(cells);
});

test('a table stands straight whatever is in it, and may be of any length', () => {
  expect(
    table(
      [{ head: 'A' }, { head: 'B' }],
      [
        ['漢字', 'x'],
        ['e\u0301', 'y'],
      ],
      80,
    ),
  ).toEqual(['A     B', '漢字  x', 'e\u0301     y']);
  expect(
    table(
      [{ head: 'A' }],
      Array.from({ length: 200_000 }, () => ['x']),
      80,
    ),
  ).toHaveLength(200_001);
});

test('wrapped breaks at words, and within a word that is too long', () => {
  expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrapped('abcdefghij k', 4)).toEqual(['abcd', 'efgh', 'ij k']);
  expect(wrapped('', 4)).toEqual(['']);
  expect(wrapped('漢字かな', 5)).toEqual(['漢字', 'かな']);
});

test('fields put the rest of a value below it', () => {
  expect(
    fields(
      [
        ['a', 'one two three'],
        ['bcd', 'x'],
      ],
      12,
    ),
  ).toEqual(['a    one two', '     three', 'bcd  x']);
});

test('JSON is cut in both directions, and says where the whole of it is', () => {
  expect(shownJson({ a: 'x'.repeat(20), b: [1, 2] }, 14, 3, 'more')).toEqual([
    '{',
    '  "a": "xxxxx…',
    '  "b": [',
    '… 4 lines mor…',
  ]);
  expect(shownJson(undefined, 80, 3, 'more')).toEqual(['null']);
});

test.each([
  [0, '0.0 s'],
  [-5, '0.0 s'],
  [9_949, '9.9 s'],
  [61_000, '61 s'],
  [600_000, '10 min'],
  [10 * 3_600_000, '10 h'],
  [72 * 3_600_000, '3 d'],
])('a span of %i ms is %s', (ms, expected) => {
  expect(span(ms)).toBe(expected);
});
