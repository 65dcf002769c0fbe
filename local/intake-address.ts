import { rmSync, writeFileSync } from 'node:fs';
import type { FunctionAddress } from './bus.ts';

/**
 * Writes down where intake is and what lets a caller in. One machine has no Pub/Sub: a program of its owner hands a request over as
 * Eventarc would, and tries again itself where the answer is no 2xx. Whoever can read the file can read the API key beside it.
 * @returns what takes the file away, since the next start has another address
 */
export function announceIntake(file: string, { url, token }: FunctionAddress): () => void {
  // Made anew, since a mode is given to a new file only.
  rmSync(file, { force: true });
  writeFileSync(file, `${JSON.stringify({ url, token })}\n`, { mode: 0o600 });
  return () => rmSync(file, { force: true });
}
