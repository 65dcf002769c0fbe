import { ModelError } from '../model-program.ts';
import type { Line } from './text-reader.ts';

export interface Page {
  readonly page: number;
  readonly width: number;
  readonly height: number;
  readonly confidence: number;
  readonly text: string;
  readonly lines: readonly Line[];
}

export interface Output {
  readonly pages: readonly Page[];
  readonly text: string;
}

/** The answer for the pages read so far. Throws ModelError `invalid_input` where it is longer than a job's output may be. */
export function outputOf(pages: readonly Page[], maxBytes: number): Output {
  const output = { pages, text: pages.map((page) => page.text).join('\n\n') };
  const bytes = Buffer.byteLength(JSON.stringify(output));
  if (bytes <= maxBytes) return output;
  throw new ModelError(
    'invalid_input',
    `the text up to page ${pages.at(-1)?.page ?? 0} takes ${bytes} bytes of output and ${maxBytes} are allowed: send fewer pages at a time`,
  );
}
