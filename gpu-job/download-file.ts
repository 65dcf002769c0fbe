import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { request } from 'undici';
import type { ClaimedFile } from '../domain/contract/door.ts';
import type { Clock, Random } from '../domain/ports.ts';
import { JobFault } from './job-fault.ts';
import { sleep } from './wait.ts';

export interface DownloadOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly tries: number;
  /** Of one try. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Downloads a file from where the door says it is, through no memory but a chunk's, and checks that it is what was declared. The door
 * is trusted, and its storage may be private: no address is looked at.
 * @param invalid makes the fault of a file that is not what was declared, or is not there
 * @throws JobFault that of `invalid`; worker_lost where the storage cannot be reached; whatever the signal was aborted with
 */
export async function downloadFile(
  file: ClaimedFile,
  path: string,
  invalid: (why: string) => JobFault,
  options: DownloadOptions,
): Promise<void> {
  let why = '';
  for (let tries = 0; tries < options.tries; tries += 1) {
    if (tries > 0) await sleep(options.clock, 500 * 2 ** tries * (0.5 + options.random.unit() / 2), options.signal);
    options.signal.throwIfAborted();
    try {
      return await once(file, path, invalid, options);
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof JobFault) throw error;
      why = (error as Error).message;
    }
  }
  // Not the user's fault: another worker tries again, with an address that is signed anew.
  throw new JobFault('worker_lost', `${file.uri} could not be downloaded: ${why}.`);
}

async function once(
  { uri, url, sizeBytes, sha256 }: ClaimedFile,
  path: string,
  invalid: (why: string) => JobFault,
  { timeoutMs, signal }: DownloadOptions,
): Promise<void> {
  const { statusCode, body } = await request(url, {
    headersTimeout: 0,
    bodyTimeout: 0,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  if (statusCode !== 200) {
    await body.dump();
    if (statusCode === 404) throw invalid(`${uri} was deleted, or never uploaded`);
    throw new Error(`the storage answered ${statusCode}`);
  }
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(
    body,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        // The disk may be the machine's memory: no more goes there than was declared.
        if (bytes > sizeBytes) throw invalid(`${uri} has more than the ${sizeBytes} bytes that were declared`);
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(path, { mode: 0o600 }),
  );
  if (bytes !== sizeBytes) throw invalid(`${uri} has ${bytes} bytes, but ${sizeBytes} were declared`);
  const got = hash.digest('hex');
  if (got !== sha256) throw invalid(`${uri} has sha256 ${got}, but ${sha256} was declared`);
}
