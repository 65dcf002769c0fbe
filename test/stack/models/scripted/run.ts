import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const { SLIPWAY_INPUT = '', SLIPWAY_OUTPUT = '' } = process.env;
const input = JSON.parse(readFileSync(SLIPWAY_INPUT, 'utf8')) as {
  startedFile?: string;
  waitForFile?: string;
  exit?: number;
  text?: unknown;
};
if (input.startedFile !== undefined) appendFileSync(input.startedFile, `${process.pid}\n`);
console.log(JSON.stringify({ progress: { fraction: 0.25, message: 'started' } }));
while (input.waitForFile !== undefined && !existsSync(input.waitForFile)) await delay(20);
if (input.exit !== undefined) {
  console.error(`told to exit with ${input.exit}`);
  process.exit(input.exit);
}
writeFileSync(
  SLIPWAY_OUTPUT,
  JSON.stringify({ text: input.text ?? 'done', pages: [{ text: 'first' }, { text: 'second' }] }),
);
