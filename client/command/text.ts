import { beginning, cellsOf } from './cells.ts';

/** A column: its head, on which side its cells stand, and whether it gives way where a line is too long. */
export interface Column {
  readonly head: string;
  readonly align?: 'right';
  readonly gives?: boolean;
}

/** On one line, without control characters, and no longer than `length`. */
export function clipped(text: string, length: number): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return cellsOf(line) <= length ? line : `${beginning(line, Math.max(0, length - 1)).trimEnd()}…`;
}

const widest = (texts: readonly string[]): number => texts.reduce((most, text) => Math.max(most, cellsOf(text)), 0);
const padded = (text: string, width: number, align?: 'right'): string => {
  const blanks = ' '.repeat(Math.max(0, width - cellsOf(text)));
  return align === 'right' ? blanks + text : text + blanks;
};

/**
 * Rows under their heads, two blanks between columns, in lines of at most `width`: the columns that give are cut for it, and then the last ones
 * left out.
 * @param paint colours a cell once its width is settled
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  paint: (cell: string, row: number, column: number) => string = (cell) => cell,
): string[] {
  const cells = [columns.map(({ head }) => head), ...rows].map((row) =>
    columns.map((_, i) => clipped(row[i] ?? '', 500)),
  );
  const widths = columns.map((_, i) => widest(cells.map((row) => row[i] ?? '')));
  const over = (): number => widths.reduce((sum, one) => sum + one + 2, -2) - width;
  for (let excess = over(); excess > 0; excess = over()) {
    const longest = columns
      .map(({ gives, head }, i) => ({
        i,
        width: gives === true && (widths[i] ?? 0) > head.length ? (widths[i] ?? 0) : 0,
      }))
      .sort((a, b) => b.width - a.width)[0];
    if (longest === undefined || longest.width === 0) {
      // Nothing gives any more: what stands last goes.
      return columns.length === 1 ? [] : table(columns.slice(0, -1), rows, width, paint);
    }
    widths[longest.i] = longest.width - 1;
  }
  return cells.map((row, r) =>
    columns
      .map(({ align }, i) => {
        const isLast = i === columns.length - 1;
        const cell = clipped(row[i] ?? '', widths[i] ?? 0);
        const shown = isLast && align === undefined ? cell : padded(cell, widths[i] ?? 0, align);
        return r === 0 ? shown : paint(shown, r - 1, i);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** `name  value` lines, the values on one line each or, where `wraps`, on as many as they need. */
export function fields(rows: readonly (readonly [name: string, value: string])[], width: number): string[] {
  const names = widest(rows.map(([name]) => name)) + 2;
  return rows.flatMap(([name, value]) =>
    wrapped(value, width - names).map((line, i) => `${padded(i === 0 ? name : '', names)}${line}`.trimEnd()),
  );
}

/** Words in lines of at most `width`; a word that is longer has lines of its own. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of clipped(text, 10_000).split(' ')) {
    if (line !== '' && cellsOf(line) + 1 + cellsOf(word) > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
    while (cellsOf(line) > width) {
      // One that is wider than a line has a line of its own all the same.
      const head = beginning(line, width) || ([...line][0] ?? '');
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  return [...lines, line];
}

/** JSON for people: a line of it is cut at `width`, the whole of it at `most` lines. */
export function shownJson(value: unknown, width: number, most: number, whole: string): string[] {
  const lines = (JSON.stringify(value, null, 2) ?? 'null').split('\n');
  const shown = lines.slice(0, most).map((line) => indented(line, width));
  return lines.length <= most ? shown : [...shown, clipped(`… ${lines.length - most} lines more: ${whole}`, width)];
}

function indented(line: string, width: number): string {
  const [blanks = ''] = /^ */.exec(line) ?? [];
  return blanks + clipped(line.slice(blanks.length), width - blanks.length);
}

/** How long ago, or how long, in one unit. */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}
