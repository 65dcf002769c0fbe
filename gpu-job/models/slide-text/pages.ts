import { readFile, stat } from 'node:fs/promises';
import { PDFiumLibrary, type PDFiumDocument, type PDFiumPage } from '@hyzyla/pdfium';
import { PNG } from 'pngjs';
import { ModelError } from '../model-program.ts';

export interface PageImage {
  readonly page: number;
  readonly pages: number;
  readonly width: number;
  readonly height: number;
  readonly png: Buffer;
}

const MAX_DOCUMENT_BYTES = 128 * 1024 * 1024;
/** Beyond this a page is drawn smaller than asked for: a page of a few bytes may call itself 200 inches wide. */
const MAX_PIXELS = 24_000_000;
/** No text can be read at a scale lower than this, so a page that needs one is refused. */
const MIN_SCALE = 0.25;

/** What the PDF library says about a document that it will not open, in words for whoever sent it. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/not in PDF format/i, 'is not a PDF, or a broken one'],
  [/password/i, 'is encrypted: it needs a password'],
  [/security/i, 'is encrypted in a way that is not supported'],
];

const refuse = (reason: string): ModelError => new ModelError('invalid_input', `the document ${reason}`);

const encode = async (bitmap: { data: Uint8Array; width: number; height: number }): Promise<Uint8Array> => {
  const { data, width, height } = bitmap;
  const png = new PNG({ width, height });
  png.data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return PNG.sync.write(png, { colorType: 2 });
};

/** The scale at which a page is drawn: as asked for, or lower where that would take more than MAX_PIXELS. Throws for a page that cannot be drawn. */
function scaleFor(page: PDFiumPage, number: number, asked: number): number {
  const { originalWidth: width, originalHeight: height } = page.getOriginalSize();
  // A page that cannot be loaded has no size.
  if (!(width * asked >= 1 && height * asked >= 1)) throw refuse(`has a page that cannot be read: page ${number}`);
  const scale = Math.min(asked, Math.sqrt(MAX_PIXELS / (width * height)));
  if (scale < MIN_SCALE) {
    throw refuse(
      `has a page too large to be read: page ${number} is ${Math.round(width)} x ${Math.round(height)} points`,
    );
  }
  return scale;
}

/** Draws the pages of PDF documents. */
export class PageReader {
  #library: PDFiumLibrary | null = null;

  /** Loads the PDF library, so that the first document need not wait for it. */
  async load(): Promise<void> {
    this.#library ??= await PDFiumLibrary.init();
  }

  /**
   * The pages of a document as PNG images, in order, each drawn when it is asked for.
   * @param scale pixels a point (1/72 inch)
   * @throws ModelError `invalid_input` for a document that cannot be read or has more than `maxPages` pages
   */
  async *pages(path: string, scale: number, maxPages: number): AsyncGenerator<PageImage> {
    const { size } = await stat(path);
    if (size > MAX_DOCUMENT_BYTES) throw refuse(`is longer than ${MAX_DOCUMENT_BYTES} bytes`);
    const document = await this.#open(await readFile(path));
    try {
      const pages = document.getPageCount();
      if (pages === 0) throw refuse('has no pages');
      if (pages > maxPages) throw refuse(`has ${pages} pages and maxPages is ${maxPages}`);
      for (let i = 0; i < pages; i++) {
        const page = document.getPage(i);
        const drawn = await page.render({ scale: scaleFor(page, i + 1, scale), render: encode });
        const png = Buffer.from(drawn.data.buffer, drawn.data.byteOffset, drawn.data.byteLength);
        yield { page: i + 1, pages, width: drawn.width, height: drawn.height, png };
      }
    } catch (error) {
      if (error instanceof ModelError) throw error;
      // The library runs as WebAssembly: after a fault inside, its memory can be trusted no more.
      this.#library = null;
      throw refuse(`cannot be drawn: ${(error as Error).message}`);
    } finally {
      if (this.#library !== null) document.destroy();
    }
  }

  async #open(bytes: Buffer): Promise<PDFiumDocument> {
    await this.load();
    if (this.#library === null) throw new Error('the PDF library did not load');
    try {
      return await this.#library.loadDocument(bytes);
    } catch (error) {
      const { message } = error as Error;
      const known = REASONS.find(([pattern]) => pattern.test(message));
      if (known === undefined) this.#library = null;
      throw refuse(known?.[1] ?? `cannot be opened: ${message}`);
    }
  }
}
