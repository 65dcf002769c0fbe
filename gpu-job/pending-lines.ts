import type { LogLine } from '../domain/contract/door.ts';
import type { Clock } from '../domain/ports.ts';

const MAX_LINE = 8_192;
const MAX_CHUNK_LINES = 500;
/** A chunk becomes one document of the store. */
const MAX_CHUNK_BYTES = 32 * 1024;

export interface PendingBounds {
  readonly maxLines: number;
  readonly maxBytes: number;
  /** What a reader is told of lines that are not there. */
  readonly why: string;
}

/** Lines that wait to be sent. More of them than there may be push out the oldest, and a line says so. */
export class PendingLines {
  readonly #bounds: PendingBounds;
  readonly #clock: Pick<Clock, 'nowMs'>;
  #lines: LogLine[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(bounds: PendingBounds, clock: Pick<Clock, 'nowMs'>) {
    this.#bounds = bounds;
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  add(stream: LogLine['stream'], text: string): void {
    const line = { stream, text: text.slice(0, MAX_LINE), atMs: this.#clock.nowMs() };
    this.#lines.push(line);
    this.#bytes += sizeOf(line);
    while (this.#lines.length > this.#bounds.maxLines || this.#bytes > this.#bounds.maxBytes) {
      const oldest = this.#lines.shift();
      if (oldest === undefined) break;
      this.#bytes -= sizeOf(oldest);
      this.#dropped += 1;
    }
  }

  /** The oldest of them, as many as one chunk takes; they wait no longer. */
  cut(): LogLine[] {
    const chunk: LogLine[] = [];
    if (this.#dropped > 0 && !this.isEmpty) {
      const text = `[slipway: ${this.#dropped} earlier lines were dropped; ${this.#bounds.why}]`;
      chunk.push({ stream: 'stderr', text, atMs: this.#lines[0]?.atMs ?? 0 });
      this.#dropped = 0;
    }
    let bytes = 0;
    while (chunk.length < MAX_CHUNK_LINES) {
      const line = this.#lines[0];
      if (line === undefined || (bytes > 0 && bytes + sizeOf(line) > MAX_CHUNK_BYTES)) break;
      bytes += sizeOf(line);
      this.#bytes -= sizeOf(line);
      chunk.push(line);
      this.#lines.shift();
    }
    return chunk;
  }

  /** A chunk that could not be sent waits again, before all others. */
  putBack(chunk: readonly LogLine[]): void {
    this.#lines.unshift(...chunk);
    this.#bytes += chunk.reduce((sum, line) => sum + sizeOf(line), 0);
  }
}

/** As it stands in a document, names of fields and all. */
const sizeOf = (line: LogLine): number => Buffer.byteLength(line.text) + 40;
