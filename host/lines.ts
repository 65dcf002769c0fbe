import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/**
 * Calls `onLine` for each line of a stream of UTF-8, without its line end, the last one included if it has none. A line
 * longer than `maxLength` characters is cut off there: what a program prints must not fill this one's memory.
 */
export function readLines(stream: Readable, maxLength: number, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let line = '';
  const take = (text: string): void => {
    if (line.length < maxLength) line = (line + text).slice(0, maxLength);
  };
  const end = (): void => {
    const done = line.endsWith('\r') ? line.slice(0, -1) : line;
    line = '';
    onLine(done);
  };
  stream.on('data', (chunk: Buffer) => {
    const parts = decoder.write(chunk).split('\n');
    parts.forEach((part, index) => {
      if (index > 0) end();
      take(part);
    });
  });
  stream.once('end', () => {
    take(decoder.end());
    if (line !== '') end();
  });
}
