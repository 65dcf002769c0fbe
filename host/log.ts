import type { Log } from '../domain/ports.ts';

type Level = 'info' | 'error';
type Fields = Readonly<Record<string, unknown>>;

/**
 * A log of one JSON object a line: `time` (RFC 3339), `severity`, `message`, `fields`; the first three as Cloud Logging reads
 * them out of what a container prints.
 * @param write takes one line without its line end
 */
export function jsonLog(write: (line: string) => void): Log {
  return logOf((level, message, fields) =>
    write(JSON.stringify({ time: new Date().toISOString(), severity: level.toUpperCase(), message, fields })),
  );
}

/**
 * A log for a person at a terminal: `HH:MM:SS level message key=value ...`, in local time, without what is null.
 * @param write takes one line without its line end
 */
export function lineLog(write: (line: string) => void): Log {
  return logOf((level, message, fields) => {
    const time = new Date().toTimeString().slice(0, 8);
    const known = Object.entries(fields).filter(([, value]) => value !== null);
    const pairs = known.map(([key, value]) => ` ${plain(key)}=${shown(value)}`);
    write(`${time} ${level.padEnd(5)} ${plain(message)}${pairs.join('')}`);
  });
}

function logOf(put: (level: Level, message: string, fields: Fields) => void): Log {
  const at =
    (level: Level): Log['info'] =>
    (message, fields = {}) =>
      put(level, message, fields);
  return { info: at('info'), error: at('error') };
}

/** What a model printed may stand in a line, and must neither end it nor steer the terminal. */
const plain = (text: string): string =>
  text.replace(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);

function shown(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=\p{Cc}]+$/u.test(value)) return value;
  return plain(JSON.stringify(value) ?? 'undefined');
}
