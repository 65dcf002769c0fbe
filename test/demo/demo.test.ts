import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { processesWith } from '../must-hold/processes.ts';
import { newFolder } from '../stack/test-stack.ts';

const START = join(import.meta.dirname, '../../local/demo/start.js');
/** Longer than the demo gives itself, so that it can say why. */
const TIMEOUT_MS = 150_000;

interface Ran {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly errors: readonly string[];
}

let tmp: string;
beforeEach(async () => {
  tmp = await newFolder();
});
afterEach(() => rm(tmp, { recursive: true, force: true }));

/** `npm run demo` with no terminal, its temporary folder in `tmp`. `onLine` sees each line as it is printed. */
async function demo(
  env: Record<string, string> = {},
  onLine: (line: string, signal: (name: NodeJS.Signals) => void) => void = () => undefined,
  args: readonly string[] = [],
): Promise<Ran> {
  const child = spawn(process.execPath, [START, ...args], {
    env: { PATH: process.env['PATH'] ?? '', TMPDIR: tmp, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [lines, errors]: [string[], string[]] = [[], []];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    onLine(line, (name) => child.kill(name));
  });
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, lines, errors };
}

/** Workers and their models have their temporary folder in the demo's. */
const leftRunning = (): number[] => processesWith('TMPDIR', (folder) => folder.startsWith(tmp));

test(
  'the demo runs every job for real, checks what came of them, and leaves nothing behind',
  async () => {
    const { code, lines, errors } = await demo();
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    const said = lines.map((line) => line.trim().replace(/\s+/g, ' '));
    expect(said).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^[\d.]+ s slide-fields 0 % waits \(dependency\)$/),
        expect.stringMatching(/^[\d.]+ s slide-fields 100 % succeeded$/),
        'SLIDES deck.pdf: 4 pages, read by slide-text',
        'company Tidewater Robotics, Inc.',
        'amount $8.5 million 8,500,000 USD 4',
        'date October 31, 2025 2025-10-31 4',
        'aspirin C9H8O4 180.16 1.13 63.6 102.2 -> 18.9 MT-R',
        expect.stringMatching(/^slide-fields [\d.]+ - - [\d.]+ warm$/),
        expect.stringMatching(/^\$0\.\d{5} = boot \$0\.\d{5} \+ compute/),
        expect.stringMatching(/^WEBHOOKS 21 webhooks, every signature right/),
        expect.stringMatching(/^4 page images as PNG/),
        expect.stringMatching(/^All checked, in [\d.]+ s; nothing is left running\.$/),
      ]),
    );
    expect(lines.filter((line) => line.length > 80 || /\p{Cc}/u.test(line))).toEqual([]);
    expect(leftRunning()).toEqual([]);
    expect(readdirSync(tmp)).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'a deck that is no PDF fails the demo with the reason and the place of the log',
  async () => {
    const deck = join(tmp, 'broken.pdf');
    await writeFile(deck, '%PDF-1.7\nthis is cut off');
    const { code, errors } = await demo({ SLIPWAY_DEMO_DECK: deck });
    expect(code).toBe(1);
    expect(errors.join('\n')).toMatch(/The demo failed: slide-text ended as failed: .*PDF.* \(invalid_input\)\./);
    const log = /^Its log is kept: (.+)$/.exec(errors.at(-1) ?? '')?.[1] ?? '';
    expect(existsSync(log)).toBe(true);
    expect(readFileSync(log, 'utf8')).toMatch(/^\{"time":/);
    expect(leftRunning()).toEqual([]);
  },
  TIMEOUT_MS,
);

test('a deck that is not there is named before anything is started', async () => {
  const { code, errors } = await demo({ SLIPWAY_DEMO_DECK: join(tmp, 'none.pdf') });
  expect(code).toBe(1);
  expect(errors).toEqual([expect.stringMatching(/The demo failed: The deck cannot be read: ENOENT.*none\.pdf/)]);
  expect(readdirSync(tmp)).toEqual([]);
});

test('--help says what there is, and starts nothing', async () => {
  const { code, lines, errors } = await demo({}, undefined, ['--help']);
  expect({ code, errors }).toEqual({ code: 0, errors: [] });
  expect(lines.join('\n')).toMatch(/--emulators[^]*SLIPWAY_DEMO_DECK[^]*SLIPWAY_DEMO_KEEP/);
});

test(
  'it stops everything when nobody reads what it says',
  async () => {
    const child = spawn(process.execPath, [START], {
      env: { PATH: process.env['PATH'] ?? '', TMPDIR: tmp },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const errors: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
    createInterface({ input: child.stdout }).once('line', () => child.stdout.destroy());
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, errors }).toEqual({ code: 141, errors: [] });
    expect(leftRunning()).toEqual([]);
    expect(readdirSync(tmp)).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'Ctrl-C stops everything, workers in the middle of a job too',
  async () => {
    const { code, lines, errors } = await demo({}, (line, signal) => {
      if (/aspirin .* running$/.test(line)) signal('SIGINT');
    });
    expect({ code, errors }).toEqual({ code: 130, errors: [] });
    expect(lines.at(-1)).toMatch(/^Interrupted after [\d.]+ s; everything is stopped\.$/);
    expect(leftRunning()).toEqual([]);
    expect(readdirSync(tmp)).toEqual([]);
  },
  TIMEOUT_MS,
);
