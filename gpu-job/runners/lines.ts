import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import { ErrorKind } from '../../domain/contract/job.ts';

/** What one line of a model's output says; a line that is nothing else is a log line. */
export type News =
  | { readonly kind: 'progress'; readonly fraction: number | null; readonly message: string | null }
  | { readonly kind: 'metric'; readonly name: string; readonly value: number }
  | { readonly kind: 'log'; readonly text: string }
  | { readonly kind: 'artifact'; readonly name: string; readonly path: string; readonly contentType: string | null };

/** How a server's answer ends. */
export type Ending =
  | { readonly kind: 'output'; readonly output: unknown }
  | { readonly kind: 'error'; readonly error: { readonly kind: ErrorKind; readonly message: string } };

/** What a model may call its own failure; the other kinds are the platform's to say, and some of them make an attempt free. */
const ModelErrorKind = ErrorKind.extract([
  'invalid_input',
  'model_error',
  'output_invalid',
  'crash',
  'out_of_memory',
  'gpu_out_of_memory',
  'timeout',
]);

const Progress = z.object({ fraction: z.number().nullish(), message: z.string().nullish() });
const Metric = z.object({ name: z.string().min(1).max(100), value: z.number() });
const MadeFile = z.object({ name: z.string(), path: z.string(), contentType: z.string().nullish() });
const Failure = z.object({ kind: ModelErrorKind.catch('model_error'), message: z.string() });

type Words<T> = Readonly<Record<string, (value: unknown) => T | null>>;

const NEWS: Words<News> = {
  progress: (value) => {
    const read = Progress.safeParse(value).data;
    return read === undefined
      ? null
      : { kind: 'progress', fraction: clamp(read.fraction ?? null), message: read.message ?? null };
  },
  metric: (value) => {
    const read = Metric.safeParse(value).data;
    return read === undefined ? null : { kind: 'metric', ...read };
  },
  log: (value) => (typeof value === 'string' ? { kind: 'log', text: value } : null),
  artifact: (value) => {
    const read = MadeFile.safeParse(value).data;
    return read === undefined ? null : { kind: 'artifact', ...read, contentType: read.contentType ?? null };
  },
};

const ENDINGS: Words<Ending> = {
  output: (value) => ({ kind: 'output', output: value }),
  error: (value) => {
    const read = Failure.safeParse(value).data;
    return read === undefined ? null : { kind: 'error', error: read };
  },
};

/** One line of a `command`'s output, or of a server's own stdout and stderr. */
export function parseLine(line: string): News {
  const text = stripVTControlCharacters(line);
  return spoken(text, NEWS) ?? parseBar(text) ?? { kind: 'log', text };
}

/** One line of a server's answer to `POST /run`: as above, and the `output` or `error` that ends it. */
export function parseAnswerLine(line: string): News | Ending {
  return spoken(line, ENDINGS) ?? parseLine(line);
}

function spoken<T>(text: string, words: Words<T>): T | null {
  if (!text.trimStart().startsWith('{')) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const [only, ...others] = Object.entries(value as object);
  if (only === undefined || others.length > 0 || !Object.hasOwn(words, only[0])) return null;
  return words[only[0]]?.(only[1]) ?? null;
}

/** A longer line is no progress bar; this bounds the work of the patterns below. */
const LONGEST_BAR = 1_000;
const BAR = /^(.*?)(\d{1,3})%\|[^|]*\|(?: *([\d.]+[kMGT]?)\/([\d.]+[kMGT]?) *\[.*)?/;
const COUNT_ONLY = /^(.*?)\b(\d+)it \[\d+:\d+/;

/** A progress bar as tqdm draws it: `label:  42%|████▏     | 42/100 [00:10<00:14,  4.1it/s]`, or without a total `42it [00:10, 4.1it/s]`. */
export function parseBar(text: string): Extract<News, { kind: 'progress' }> | null {
  if (text.length > LONGEST_BAR || !(text.includes('%|') || text.includes('it ['))) return null;
  const bar = BAR.exec(text);
  if (bar?.[2] !== undefined) {
    const [, label = '', percent, done, total] = bar;
    const exact = Number(done) / Number(total);
    const fraction = clamp(Number.isFinite(exact) ? exact : Number(percent) / 100);
    return { kind: 'progress', fraction, message: joined(label, done === undefined ? '' : `${done}/${total}`) };
  }
  const count = COUNT_ONLY.exec(text);
  if (count === null) return null;
  return { kind: 'progress', fraction: null, message: joined(count[1] ?? '', `${count[2]}`) };
}

function joined(label: string, count: string): string | null {
  const parts = [label.trim().replace(/:$/, ''), count].filter((part) => part !== '');
  return parts.length === 0 ? null : parts.join(' ');
}

const clamp = (fraction: number | null): number | null =>
  fraction === null ? null : Math.min(1, Math.max(0, fraction));

/**
 * Cuts a byte stream into lines at `\n`, `\r\n` and, since progress bars redraw themselves with it, `\r`. Empty lines are
 * left out. A line longer than `maxLength` is cut there, its rest is dropped, and it is handed on with `cut` set.
 */
export class LineSplitter {
  readonly #onLine: (line: string, cut: boolean) => void;
  readonly #maxLength: number;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #cut = false;

  constructor(onLine: (line: string, cut: boolean) => void, maxLength: number) {
    this.#onLine = onLine;
    this.#maxLength = maxLength;
  }

  push(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk));
  }

  /** The stream is over: what stands without a line end is a line. */
  end(): void {
    this.#take(this.#decoder.end());
    this.#emit();
  }

  #take(text: string): void {
    const pieces = text.split(/[\r\n]/);
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) this.#emit();
      const room = this.#maxLength - this.#rest.length;
      if (piece.length > room) this.#cut = true;
      this.#rest += piece.slice(0, room);
    }
  }

  #emit(): void {
    const line = this.#rest;
    const cut = this.#cut;
    this.#rest = '';
    this.#cut = false;
    if (line.trim() !== '') this.#onLine(line, cut);
  }
}
