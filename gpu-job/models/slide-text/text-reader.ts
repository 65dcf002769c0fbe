import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import Tesseract from 'tesseract.js';

export interface Line {
  readonly text: string;
  /** 0 to 100. */
  readonly confidence: number;
  /** Pixels of the page's image, from its upper left corner. */
  readonly box: { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number };
}

export interface PageText {
  readonly confidence: number;
  readonly lines: readonly Line[];
}

const LANGUAGE = dirname(createRequire(import.meta.url).resolve('@tesseract.js-data/eng/package.json'));

const start = (): Promise<Tesseract.Worker> =>
  Tesseract.createWorker('eng', Tesseract.OEM.LSTM_ONLY, {
    // The three together keep it from asking a server for its data.
    langPath: join(LANGUAGE, '4.0.0_best_int'),
    gzip: true,
    cacheMethod: 'none',
    // The default throws out of an event handler, which would end the process; the call itself is rejected as well.
    errorHandler: () => undefined,
  });

/** Reads text in images; keeps one recogniser warm. */
export class TextReader {
  #worker: Promise<Tesseract.Worker> | null = null;

  /** Starts the recogniser, so that the first page need not wait for it. */
  async load(): Promise<void> {
    this.#worker ??= start();
    await this.#worker;
  }

  /** The text of an image, line by line as it was laid out. Throws where the recogniser fails; the next call starts another one. */
  async read(png: Buffer): Promise<PageText> {
    this.#worker ??= start();
    const worker = await this.#worker;
    try {
      const { data } = await worker.recognize(png, {}, { text: true, blocks: true });
      const lines = (data.blocks ?? [])
        .flatMap((block) => block.paragraphs)
        .flatMap((paragraph) => paragraph.lines)
        .map(({ text, confidence, bbox: { x0, y0, x1, y1 } }) => ({
          text: text.trim(),
          confidence: Math.round(confidence),
          box: { x0, y0, x1, y1 },
        }))
        .filter((line) => line.text !== '');
      return { confidence: Math.round(data.confidence), lines };
    } catch (error) {
      this.#worker = null;
      await worker.terminate().catch(() => undefined);
      throw error;
    }
  }
}
