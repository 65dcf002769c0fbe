import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serveModel } from '../serve-model.ts';
import { outputOf, type Output, type Page } from './output.ts';
import { PageReader } from './pages.ts';
import { TextReader } from './text-reader.ts';

interface Input {
  /** The path of a local file, which the worker has put in the place of the URI. */
  readonly document: string;
  readonly scale: number;
  readonly maxPages: number;
}

await serveModel<Input, Output>(import.meta.dirname, async (model) => {
  const pageReader = new PageReader();
  const textReader = new TextReader();
  await Promise.all([pageReader.load(), textReader.load()]);
  const { maxOutputBytes } = model.limits;

  return async (input, { workdir, signal, progress, metric, artifact }) => {
    const pages: Page[] = [];
    for await (const image of pageReader.pages(input.document, input.scale, input.maxPages)) {
      signal.throwIfAborted();
      const name = `page-${image.page}.png`;
      const path = join(workdir, name);
      await writeFile(path, image.png);
      artifact({ name, path, contentType: 'image/png' });

      const { confidence, lines } = await textReader.read(image.png);
      const { page, width, height } = image;
      pages.push({ page, width, height, confidence, text: lines.map((line) => line.text).join('\n'), lines });
      // At each page: a document that says too much should not be read to its end first.
      outputOf(pages, maxOutputBytes);
      progress(page / image.pages, `page ${page} of ${image.pages}`);
    }
    metric('pages', pages.length);
    return outputOf(pages, maxOutputBytes);
  };
});
