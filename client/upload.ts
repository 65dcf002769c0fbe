import type { CreateFileRequest, FileResource } from '../domain/contract/file-api.ts';
import type { SlipwayClient } from './client.ts';
import { SlipwayError } from './errors.ts';
import { pause, type ClientHost } from './host.ts';
import { pauseMs, type Failed } from './retry.ts';

export interface UploadOptions {
  /** What it is; unless said, what the Blob says, or nothing in particular, which fits wherever a file is asked for. */
  readonly contentType?: string;
  /** For people; unless said, the name of a File. */
  readonly name?: string;
  /** Of the content, in hex, where you know it already: else all of it is read into memory for it. */
  readonly sha256?: string;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

/** The two operations that an upload is made of. */
export type FileCalls = Pick<SlipwayClient, 'createFile' | 'getFile'>;

/** A try is given up after this, and a second more for each so many bytes. */
const LEAST_MS = 30_000;
const BYTES_A_SECOND = 256 * 1024;

/**
 * Declares a file and sends its bytes, again where that may help: the storage takes them once, so that no try can spoil another's.
 * @returns what stands for the file in the input of a job
 * @throws SlipwayError
 */
export async function uploadFile(
  calls: FileCalls,
  host: ClientHost,
  content: Blob | Uint8Array,
  { idempotencyKey, signal, ...said }: UploadOptions,
): Promise<string> {
  const blob = content instanceof Blob ? content : new Blob([content]);
  const ended = signal === undefined ? {} : { signal };
  const key = idempotencyKey === undefined ? {} : { idempotencyKey };
  let file = await calls.createFile(await declared(blob, said), { ...ended, ...key });
  for (let tries = 1; file.upload !== null; tries += 1) {
    const failed = await put(host, file.upload, blob, signal);
    if (failed === null) break;
    const waitMs = pauseMs(failed, tries, host.clock.nowMs(), host.random.unit());
    if (waitMs === null) throw refusal(failed);
    await pause(host, waitMs, signal);
    // They may be there, though no answer came; if not, this has an address that has not expired.
    file = await calls.getFile(file.id, ended);
  }
  return file.uri;
}

async function declared(blob: Blob, said: UploadOptions): Promise<CreateFileRequest> {
  const name = said.name ?? ('name' in blob && typeof blob.name === 'string' ? blob.name : undefined);
  // A Blob of text has parameters beside its type.
  const [type = ''] = (said.contentType ?? blob.type).split(';');
  return {
    ...(name === undefined ? {} : { name }),
    contentType: type.trim() || 'application/octet-stream',
    sizeBytes: blob.size,
    sha256: said.sha256 ?? hexOf(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer())),
  };
}

const hexOf = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Sends the bytes once. Without the key: the address alone lets them in. @returns null where they are there */
async function put(
  { fetch, clock }: ClientHost,
  { url, headers }: NonNullable<FileResource['upload']>,
  body: Blob,
  signal?: AbortSignal,
): Promise<Failed | null> {
  const giveUp = new AbortController();
  const callOff = clock.after(LEAST_MS + (body.size / BYTES_A_SECOND) * 1_000, () => giveUp.abort());
  const signals = signal === undefined ? [giveUp.signal] : [giveUp.signal, signal];
  try {
    const response = await fetch(url, {
      method: 'PUT',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.any(signals),
    });
    await response.body?.cancel();
    // 412: a try before this one, to which no answer came, did it.
    if (response.ok || response.status === 412) return null;
    // Unlike ours, a storage's 500 passes too.
    return { status: response.status === 500 ? 503 : response.status, retryAfter: response.headers.get('retry-after') };
  } catch {
    signal?.throwIfAborted();
    return { status: null, retryAfter: null };
  } finally {
    callOff();
  }
}

/** Without the address, which lets in whoever has it. */
function refusal({ status }: Failed): SlipwayError {
  if (status === null)
    return new SlipwayError(null, 'unreachable', 'The storage cannot be reached to upload the file.');
  const code = status >= 500 || status === 429 ? 'unavailable' : 'unexpected_answer';
  return new SlipwayError(status, code, `The storage answers the upload of the file with HTTP ${status}.`);
}
