import type { Log } from '../../domain/ports.ts';

export interface Line {
  readonly level: 'info' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface CapturedLog extends Log {
  readonly lines: readonly Line[];
  /** Resolves with the first line, past or to come, that fits. */
  line(fits: (line: Line) => boolean): Promise<Line>;
}

/** A log that keeps its lines for the test to read. */
export function capturedLog(): CapturedLog {
  const lines: Line[] = [];
  const waiting = new Set<(line: Line) => void>();
  const at =
    (level: Line['level']): Log['info'] =>
    (message, fields = {}) => {
      lines.push({ level, message, fields });
      for (const look of waiting) look(lines.at(-1) as Line);
    };
  return {
    lines,
    info: at('info'),
    error: at('error'),
    line: (fits) =>
      new Promise((resolve) => {
        const found = lines.find(fits);
        if (found !== undefined) return resolve(found);
        const look = (line: Line): void => {
          if (!fits(line)) return;
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
      }),
  };
}
