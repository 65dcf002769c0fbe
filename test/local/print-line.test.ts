import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const MODULE = JSON.stringify(join(import.meta.dirname, '../../host/print-line.ts'));

const run = (program: string) =>
  spawn(process.execPath, ['--input-type=module', '-e', `const { printLine } = await import(${MODULE});\n${program}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });

/** Lines of one character each, said shortly. */
const runsOf = (printed: string): string[] =>
  printed
    .trimEnd()
    .split('\n')
    .map((line) => (/^(.)\1*$/.test(line) ? `${line.charAt(0)} x ${line.length}` : 'a mixture'));

test('lines are whole and in order, however long, though the process ends at once and its reader is late', async () => {
  const child = run(`for (const n of [1, 2, 3]) printLine(String(n).repeat(200_000));\nprocess.exit(0);`);
  // More than a pipe holds, so the second line waits for this.
  await new Promise((resolve) => child.stdout.once('readable', resolve));
  expect(runsOf(await text(child.stdout))).toEqual(['1 x 200000', '2 x 200000', '3 x 200000']);
});

test('a stream that does not wait gets them all the same', async () => {
  // Once Node has made a stream of it, a write finds no room and says so.
  const child = run(
    `process.stdout._handle.setBlocking(false);\nfor (const n of [1, 2]) printLine(String(n).repeat(500_000));`,
  );
  await new Promise((resolve) => child.stdout.once('readable', resolve));
  expect(runsOf(await text(child.stdout))).toEqual(['1 x 500000', '2 x 500000']);
});

test('a line that nobody takes is dropped, and the program goes on', async () => {
  const child = run(`process.stdin.resume().once('end', () => { printLine('late'); process.exit(7); });`);
  child.stdout.once('close', () => child.stdin.end());
  child.stdout.destroy();
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(7);
});
