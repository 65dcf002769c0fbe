import { createHmac, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Blobs, Clock, Log, Random } from '../domain/ports.ts';
import { BlobExistsError, checkBlobPath, openBlobFiles, type BlobFiles } from './blob-files.ts';

export interface LocalBlobs extends Blobs {
  /** Ends the server and every transfer on it. Idempotent. */
  stop(): Promise<void>;
}

interface Terms {
  readonly method: 'PUT' | 'GET';
  readonly path: string;
  readonly expiresAtMs: string;
  readonly contentType: string;
  readonly sizeBytes: string;
}

/**
 * Blobs in a folder, behind a server on 127.0.0.1 that lets nobody in without a signed address: HMAC-SHA256 over method, path,
 * expiry and, for an upload, size and content type.
 * @param options.key whoever has it can sign; kept in the data folder, so that addresses outlive a restart only by their port
 */
export async function startBlobs(options: {
  readonly folder: string;
  readonly key: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}): Promise<LocalBlobs> {
  const { key, clock, log } = options;
  const files = await openBlobFiles(options.folder, () => options.random.id());

  const signatureOf = (terms: Terms): string =>
    createHmac('sha256', key)
      .update(JSON.stringify([terms.method, terms.path, terms.expiresAtMs, terms.contentType, terms.sizeBytes]))
      .digest('hex');

  const permits = (terms: Terms, signature: string): boolean => {
    const wanted = Buffer.from(signatureOf(terms));
    const given = Buffer.from(signature);
    return (
      wanted.length === given.length && timingSafeEqual(wanted, given) && Number(terms.expiresAtMs) > clock.nowMs()
    );
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, headers } = request;
    if (method !== 'PUT' && method !== 'GET') return refuse(response, 405, 'only signed PUT and GET');
    if (method === 'PUT' && headers['content-length'] === undefined)
      return refuse(response, 411, 'Content-Length is needed');
    const { path, expiresAtMs, signature } = readTarget(request.url ?? '');
    const terms: Terms = {
      method,
      path,
      expiresAtMs,
      contentType: method === 'PUT' ? (headers['content-type'] ?? '') : '',
      sizeBytes: method === 'PUT' ? (headers['content-length'] ?? '') : '',
    };
    // Before anything else is looked at: a stranger learns nothing, not even which blobs there are.
    if (!permits(terms, signature)) return refuse(response, 403, 'the signature is wrong or has expired');
    await (method === 'PUT' ? receive(files, terms, request, response) : send(files, path, response));
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      // A sender that broke off is no fault of ours.
      if (!request.destroyed || request.complete) {
        log.error('blob transfer failed', { problem: error instanceof Error ? error.message : String(error) });
      }
      if (response.headersSent) response.destroy();
      else refuse(response, 500, 'the transfer failed');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const addressOf = (terms: Terms): string =>
    `${origin}/${terms.path}?expires=${terms.expiresAtMs}&signature=${signatureOf(terms)}`;
  const expiry = (inMs: number): string => String(clock.nowMs() + inMs);

  return {
    async signUpload(path, { contentType, sizeBytes, expiresInMs }) {
      checkBlobPath(path);
      const size = String(sizeBytes);
      const terms: Terms = { method: 'PUT', path, expiresAtMs: expiry(expiresInMs), contentType, sizeBytes: size };
      return { url: addressOf(terms), headers: { 'content-type': contentType, 'content-length': size } };
    },
    async signDownload(path, { expiresInMs }) {
      checkBlobPath(path);
      return addressOf({ method: 'GET', path, expiresAtMs: expiry(expiresInMs), contentType: '', sizeBytes: '' });
    },
    async size(path) {
      return (await files.find(path))?.sizeBytes ?? null;
    },
    remove: (path) => files.remove(path),
    async stop() {
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.once('close', resolve));
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The path stays as it was sent, undecoded: one that is not literally what was signed is refused by its signature. */
function readTarget(url: string): { path: string; expiresAtMs: string; signature: string } {
  const [path = '', query = ''] = url.split('?');
  const parameters = new URLSearchParams(query);
  return {
    path: path.slice(1),
    expiresAtMs: parameters.get('expires') ?? '',
    signature: parameters.get('signature') ?? '',
  };
}

async function receive(
  files: BlobFiles,
  { path, contentType }: Terms,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if ((await files.find(path)) !== null) return refuse(response, 412, 'there is a blob at this path already');
  try {
    await files.write(path, contentType, request);
  } catch (error) {
    if (error instanceof BlobExistsError) return refuse(response, 412, 'there is a blob at this path already');
    throw error;
  }
  response.writeHead(200).end();
}

async function send(files: BlobFiles, path: string, response: ServerResponse): Promise<void> {
  const found = await files.find(path);
  if (found === null) return refuse(response, 404, 'there is no blob at this path');
  // What a model wrote is shown to nobody as a page of ours.
  response.writeHead(200, {
    'content-type': found.contentType,
    'content-length': found.sizeBytes,
    'content-disposition': `attachment; filename="${basename(path)}"`,
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'cache-control': 'private',
  });
  await pipeline(createReadStream(found.file), response);
}

/** Closes the connection too: the rest of a refused body is not worth reading. */
function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(`${reason}\n`);
}
