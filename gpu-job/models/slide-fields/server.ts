import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { serveModel } from '../serve-model.ts';
import { findAmounts, type Amount } from './amounts.ts';
import { trainClassifier, type Guess } from './classifier.ts';
import { dateFinder, type FoundDate } from './dates.ts';
import { findCompany, findPerson, type Person } from './names.ts';

interface Input {
  readonly pages: readonly { readonly page: number; readonly text: string }[];
}

type OnPage<T> = T & { readonly page: number };

interface Output {
  readonly company: string | null;
  readonly amounts: readonly OnPage<Amount>[];
  readonly dates: readonly OnPage<FoundDate>[];
  readonly people: readonly OnPage<Person>[];
  readonly categories: readonly OnPage<Guess>[];
}

const Examples = z.record(z.string(), z.array(z.string()).min(1));

await serveModel<Input, Output>(import.meta.dirname, async () => {
  const examples = Examples.parse(parse(await readFile(join(import.meta.dirname, 'examples.yaml'), 'utf8')));
  const classify = await trainClassifier(examples);
  const findDates = dateFinder();

  return async ({ pages }, { signal, progress, metric }) => {
    const lines = pages.flatMap(({ page, text }) => text.split('\n').map((line) => ({ page, line: line.trim() })));
    const onPages = <T>(find: (line: string) => readonly T[]): OnPage<T>[] =>
      lines.flatMap(({ page, line }) => find(line).map((found) => ({ ...found, page })));

    const categories: OnPage<Guess>[] = [];
    for (const { page, text } of pages) {
      // The embedding never lets go of the thread, so without this a dropped connection would not be noticed.
      await setImmediate();
      signal.throwIfAborted();
      categories.push({ page, ...(await classify(text)) });
      progress(categories.length / pages.length, `page ${page} classified`);
    }
    const company = lines.map(({ line }) => findCompany(line)).find((found) => found !== null) ?? null;
    const amounts = onPages(findAmounts);
    const dates = onPages(findDates);
    const people = onPages((line) => [findPerson(line)].filter((person) => person !== null));
    metric('fields', amounts.length + dates.length + people.length + (company === null ? 0 : 1));
    return { company, amounts, dates, people, categories };
  };
});
