import { StringDecoder } from 'node:string_decoder';
import { hideNothing, type Hide } from '../hide.ts';
import { parseLine } from './lines.ts';

const KEPT = 64 * 1024;
const LAST_LINES = 12;
const LAST_LENGTH = 2_000;

/** The last 64 KiB of a program's output, stdout and stderr together as they came. */
export class OutputTail {
  #text = '';
  #hide: Hide;

  constructor(hide = hideNothing) {
    this.#hide = hide;
  }

  /** From here on it is another job's: nothing of the last one is told of it. */
  begin(hide: Hide): void {
    this.#text = '';
    this.#hide = hide;
  }

  /** A decoder for one stream: characters may be split between chunks. */
  stream(): (chunk: Buffer) => void {
    const decoder = new StringDecoder('utf8');
    return (chunk) => {
      this.#text = (this.#text + decoder.write(chunk)).slice(-KEPT);
    };
  }

  get text(): string {
    return this.#text;
  }

  /** Its last few log lines, without the job's secrets; empty if there is none. */
  lastLines(): string {
    const lines = this.#text
      .split(/[\r\n]+/)
      .map(parseLine)
      .flatMap((said) => (said.kind === 'log' && said.text.trim() !== '' ? [said.text] : []))
      .slice(-LAST_LINES)
      .join('\n');
    // Before it is cut: half a secret could not be told from other words.
    return this.#hide(lines).slice(-LAST_LENGTH);
  }
}
