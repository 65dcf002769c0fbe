/** A column: its head, and on which side its cells stand. */
export interface Column {
  readonly head: string;
  readonly align?: 'right';
  /** Longer cells are cut off. */
  readonly atMost?: number;
}

/** On one line, without control characters, and no longer than `length`. */
export function clipped(text: string, length: number): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length <= length ? line : `${line.slice(0, length - 1).trimEnd()}…`;
}

/** Rows under their heads, indented by two, with two blanks between columns that are as wide as they need to be. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const cells = [columns.map((column) => column.head), ...rows].map((row) =>
    columns.map((column, i) => clipped(row[i] ?? '', column.atMost ?? Infinity)),
  );
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, i) => (columns[i]?.align === 'right' ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .map((cell) => `  ${cell}`)
      .join('')
      .trimEnd(),
  );
}

/** Words in lines of at most `width`, each indented by two. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line !== '' && line.length + 1 + word.length > width - 2) {
      lines.push(`  ${line}`);
      line = '';
    }
    line = line === '' ? clipped(word, width - 2) : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, `  ${line}`];
}
