import { writeSync } from 'node:fs';

const STDOUT = 1;
let isSlow = false;

/**
 * Writes a line to stdout, and has written it when it returns. Not by `process.stdout`, which takes a tenth of a worker's start
 * to make. A line that nobody can take any more is dropped, as the console does.
 */
export function printLine(line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  if (isSlow) return void process.stdout.write(bytes);
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(STDOUT, bytes, written);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
    // Whoever started us made it one that does not wait: this goes out when there is room, and what follows after it.
    isSlow = true;
    process.stdout.write(bytes.subarray(written));
  }
}
