import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PDFDocument } from 'pdf-lib';
import { PNG } from 'pngjs';
import { outputOf, type Output, type Page } from '../../gpu-job/models/slide-text/output.ts';
import { DECK, makeDeck, SLIDES } from '../../local/demo/make-deck.ts';
import { misfits, serve, type Served } from './programs.ts';

const deck = fileURLToPath(DECK);
const deckLines = SLIDES.map(({ title, lines }) => [title, ...lines]);
let folder = '';
let model: Served;
let before: Output;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-deck-'));
  model = await serve('slide-text');
});
afterAll(async () => {
  await model.stop();
  await rm(folder, { recursive: true, force: true });
});

async function documentOf(bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, `${(await readdir(folder)).length}.pdf`);
  await writeFile(path, bytes);
  return path;
}

async function blank(...sizes: readonly (readonly [number, number])[]): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  for (const size of sizes) document.addPage([...size]);
  return document.save({ addDefaultPage: false });
}

/** A document whose password nobody knows: the keys in it belong to none. */
const ENCRYPTED = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>endobj
4 0 obj<</Filter/Standard/V 1/R 2/O<${'ab'.repeat(32)}>/U<${'cd'.repeat(32)}>/P -44>>endobj
trailer<</Root 1 0 R/Encrypt 4 0 R/ID[<${'01'.repeat(16)}><${'01'.repeat(16)}>]>>
`;

test('the committed deck is what its script writes', async () => {
  expect(Buffer.from(await makeDeck()).equals(await readFile(deck))).toBe(true);
});

test('every line of the deck is read, each in a box of its own', async () => {
  const first = await model.run({ document: deck });
  const output = first.output as Output;
  before = output;
  expect(misfits('slide-text', 'output', output)).toBe('');
  expect(misfits('slide-fields', 'input', { pages: output.pages })).toBe('');
  expect(output.pages.map((page) => page.lines.map((line) => line.text))).toEqual(deckLines);
  expect(output.text).toBe(deckLines.map((lines) => lines.join('\n')).join('\n\n'));
  for (const { width, height, lines, confidence } of output.pages) {
    expect([width, height]).toEqual([1440, 810]);
    expect(confidence).toBeGreaterThan(90);
    lines.forEach(({ box }, i) => {
      expect(box.x0 >= 0 && box.x0 < box.x1 && box.x1 <= width && box.y1 <= height).toBe(true);
      expect(box.y0).toBeGreaterThan(lines[i - 1]?.box.y1 ?? 0);
    });
  }

  const progress = first.lines.flatMap((line) => (line['progress'] ? [line['progress']] : []));
  expect(progress).toEqual([1, 2, 3, 4].map((page) => ({ fraction: page / 4, message: `page ${page} of 4` })));
  expect(first.lines).toContainEqual({ metric: { name: 'pages', value: 4 } });
  const artifacts = first.lines.flatMap((line) =>
    line['artifact'] ? [line['artifact'] as { name: string; path: string }] : [],
  );
  expect(artifacts.map(({ name }) => name)).toEqual(['page-1.png', 'page-2.png', 'page-3.png', 'page-4.png']);
  const cover = PNG.sync.read(await readFile(artifacts[0]?.path ?? ''));
  expect([cover.width, cover.height, ...cover.data.subarray(0, 3)]).toEqual([1440, 810, 13, 82, 128]);
});

describe('a document that cannot be read fails its job with the reason, and the server goes on', () => {
  const cases: readonly [string, () => Promise<object>, string][] = [
    ['no PDF', async () => ({ document: await documentOf('hello') }), 'the document is not a PDF, or a broken one'],
    [
      'a PDF cut short',
      async () => ({ document: await documentOf((await makeDeck()).subarray(0, 900)) }),
      'the document is not a PDF, or a broken one',
    ],
    [
      'an encrypted PDF',
      async () => ({ document: await documentOf(ENCRYPTED) }),
      'the document is encrypted: it needs a password',
    ],
    ['no pages', async () => ({ document: await documentOf(await blank()) }), 'the document has no pages'],
    ['too many pages', async () => ({ document: deck, maxPages: 3 }), 'the document has 4 pages and maxPages is 3'],
    [
      'a page without extent',
      async () => ({ document: await documentOf(await blank([0.2, 0.2])) }),
      'the document has a page that cannot be read: page 1',
    ],
    [
      'an immense page',
      async () => ({ document: await documentOf(await blank([40_000, 40_000])) }),
      'the document has a page too large to be read: page 1 is 40000 x 40000 points',
    ],
    ['input out of the schema', async () => ({ document: deck, scale: 9 }), 'input/scale must be <= 3'],
  ];
  test.each(cases)('%s', async (_, input, message) => {
    const { lines } = await model.run(await input());
    expect(lines).toEqual([{ error: { kind: 'invalid_input', message } }]);
  });

  test('the deck still gives what it gave before', async () => {
    expect(misfits('slide-text', 'output', before)).toBe('');
    expect((await model.run({ document: deck })).output).toEqual(before);
  });
});

test('a page of too many pixels is drawn smaller', async () => {
  const { output } = await model.run({ document: await documentOf(await blank([6_000, 8_000])), scale: 3 });
  const [page] = (output as Output).pages;
  expect([page?.width, page?.height]).toEqual([4242, 5656]);
});

test('a dropped connection stops the job at the next page, and the server stays usable', async () => {
  const dropped = await model.run({ document: deck }, { until: (line) => 'progress' in line });
  const { output } = await model.run({ document: await documentOf(await blank([90, 50])) });
  expect(output).toEqual({
    pages: [{ page: 1, width: 135, height: 75, confidence: 0, text: '', lines: [] }],
    text: '',
  });
  expect((await readdir(dropped.workdir)).length).toBeLessThan(4);
});

test.each([
  ['GET', '/run', undefined, 404],
  ['POST', '/run', 'not json', 400],
  ['POST', '/run', '{"job":"a"}', 400],
])('%s %s with %s is answered %i', async (method, path, body, status) => {
  expect((await model.fetch(path, { method, ...(body === undefined ? {} : { body }) })).status).toBe(status);
});

test('more text than an output may hold is refused, with the page that went beyond', () => {
  const page = (number: number): Page => ({
    page: number,
    width: 1,
    height: 1,
    confidence: 90,
    text: 'x'.repeat(100),
    lines: [],
  });
  expect(outputOf([page(1)], 400).text).toHaveLength(100);
  expect(() => outputOf([page(1), page(2)], 400)).toThrow(
    /^the text up to page 2 takes \d+ bytes of output and 400 are allowed/,
  );
});
