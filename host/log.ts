import type { Log } from '../domain/ports.ts';

/**
 * A log of one JSON object a line: `time` (RFC 3339), `level`, `message`, `fields`.
 * @param write takes one line without its line end
 */
export function jsonLog(write: (line: string) => void): Log {
  const at =
    (level: 'info' | 'error'): Log['info'] =>
    (message, fields = {}) =>
      write(JSON.stringify({ time: new Date().toISOString(), level, message, fields }));
  return { info: at('info'), error: at('error') };
}
