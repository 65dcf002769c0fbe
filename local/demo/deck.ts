import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DemoFailure } from './failure.ts';

/** A deck of slides to submit. */
export interface Deck {
  readonly name: string;
  readonly bytes: Buffer;
  /** The demo's own deck, of which is known what stands in it. */
  readonly isOurs: boolean;
}

/** A request is at most 512 KiB, and base64 makes four bytes of three. */
const MOST_INLINE_BYTES = 300 * 1024;

/**
 * The deck that lies beside this file, or a PDF of the user's.
 * @throws DemoFailure if it cannot be read
 */
export async function readDeck(path: string | undefined): Promise<Deck> {
  const own = fileURLToPath(new URL('deck.pdf', import.meta.url));
  try {
    return { name: basename(path ?? own), bytes: await readFile(path ?? own), isOurs: path === undefined };
  } catch (error) {
    throw new DemoFailure(`The deck cannot be read: ${(error as Error).message}.`);
  }
}

/** The deck as the input of a job: inside the request, or where it is too large for that, at the address `serve` gives it. */
export const documentUrl = ({ bytes }: Deck, serve: (bytes: Buffer, type: string) => string): string =>
  bytes.length <= MOST_INLINE_BYTES
    ? `data:application/pdf;base64,${bytes.toString('base64')}`
    : serve(bytes, 'application/pdf');
