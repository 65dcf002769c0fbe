import { readFile, writeFile } from 'node:fs/promises';
import { PDFDocument, StandardFonts, rgb, type PDFFont, type PDFPage } from 'pdf-lib';

/** Where the deck lies that `npm run demo` submits. */
export const DECK = new URL('deck.pdf', import.meta.url);

const WIDTH = 960;
const HEIGHT = 540;
const MARGIN = 72;
const INK = rgb(0.1, 0.13, 0.2);
const BRAND = rgb(0.05, 0.32, 0.5);
const PAPER = rgb(1, 1, 1);

interface Slide {
  readonly title: string;
  readonly lines: readonly string[];
  /** White on colour, as covers and closing slides often are: the harder case for a reader. */
  readonly dark?: boolean;
}

/** A made-up company; the tests hold the models to these very lines. */
export const SLIDES: readonly Slide[] = [
  {
    title: 'Tidewater Robotics, Inc.',
    lines: [
      'Autonomous inspection for offshore wind farms',
      'Seed Round Pitch Deck',
      'Founded April 9, 2022 in Bergen, Norway',
    ],
    dark: true,
  },
  {
    title: 'Traction',
    lines: [
      'Annual recurring revenue grew 2.8x to $1.9 million in 2024',
      '27 paying wind farm operators, up from 9 a year ago',
      'Net revenue retention of 131%',
      'Pipeline of signed pilots worth $640K',
    ],
  },
  {
    title: 'Team',
    lines: [
      'CEO: Ingrid Solberg, former head of robotics at a turbine maker',
      'CTO: Daniel Okafor, PhD in underwater navigation',
      'COO: Mei Tanaka, scaled field operations to 14 countries',
      'Our 22 engineers have built robots together for ten years',
    ],
  },
  {
    title: 'The Ask',
    lines: [
      'Raising $8.5 million in seed funding',
      'Of this, $3.0 million is already committed by investors',
      'Closing date: October 31, 2025',
      'Use of funds: 55% engineering, 30% sales, 15% certification',
    ],
    dark: true,
  },
];

function draw(page: PDFPage, slide: Slide, fonts: { readonly title: PDFFont; readonly body: PDFFont }): void {
  const ink = slide.dark ? PAPER : INK;
  page.drawRectangle({ x: 0, y: 0, width: WIDTH, height: HEIGHT, color: slide.dark ? BRAND : PAPER });
  page.drawText(slide.title, { x: MARGIN, y: HEIGHT - 130, size: 44, font: fonts.title, color: ink });
  slide.lines.forEach((line, i) => {
    page.drawText(line, { x: MARGIN, y: HEIGHT - 215 - i * 58, size: 25, font: fonts.body, color: ink });
  });
}

/** The deck's bytes, the same at each call: every date in it is fixed. */
export async function makeDeck(): Promise<Uint8Array> {
  const deck = await PDFDocument.create({ updateMetadata: false });
  const written = new Date('2025-01-01T00:00:00Z');
  deck.setTitle('Tidewater Robotics: seed round');
  deck.setProducer('local/demo/make-deck.ts');
  deck.setCreationDate(written);
  deck.setModificationDate(written);
  const fonts = {
    title: await deck.embedFont(StandardFonts.HelveticaBold),
    body: await deck.embedFont(StandardFonts.Helvetica),
  };
  for (const slide of SLIDES) draw(deck.addPage([WIDTH, HEIGHT]), slide, fonts);
  return deck.save();
}

async function main(): Promise<void> {
  const deck = await makeDeck();
  if (!process.argv.includes('--check')) {
    await writeFile(DECK, deck);
    return;
  }
  const committed = await readFile(DECK).catch(() => null);
  if (committed === null || !committed.equals(deck)) {
    process.stderr.write(
      'local/demo/deck.pdf is not what local/demo/make-deck.ts writes; run the script and commit the result\n',
    );
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();
