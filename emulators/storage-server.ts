import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Clock, Random } from '../domain/ports.ts';
import { BlobExistsError, openBlobFiles, type BlobFiles } from '../local/blob-files.ts';
import type { Account } from './account.ts';
import { sendJson, startHttpServer, type HttpServer } from './http-server.ts';
import { signatureFault } from './signed-url.ts';

/**
 * Cloud Storage, as far as Slipway speaks with it: an object's metadata and its deletion over JSON, and PUT and GET by V4 signed URLs, with
 * the preconditions and bounds that are signed with them. Objects are files in a folder.
 */
export async function startStorageServer(options: {
  readonly folder: string;
  readonly bucket: string;
  /** Those that may sign URLs: on Google Cloud each function has its own. */
  readonly accounts: readonly Account[];
  readonly clock: Clock;
  readonly random: Random;
}): Promise<HttpServer> {
  const { bucket, accounts, clock } = options;
  const files = await openBlobFiles(options.folder, () => options.random.id());
  return startHttpServer(async (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const metadataOf = new RegExp(`^(?:/storage/v1)?/b/${bucket}/o/([^/]+)$`).exec(path)?.[1];
    if (metadataOf !== undefined) {
      const name = decodeURIComponent(metadataOf);
      return request.method === 'DELETE' ? remove(files, name, response) : metadata(files, name, response);
    }
    const object = new RegExp(`^/${bucket}/(.+)$`).exec(path)?.[1];
    if (object === undefined) return refuse(response, 404, 'NoSuchBucket');
    const fault = signatureFault(request, accounts, clock.nowMs());
    if (fault !== null) return refuse(response, fault.status, fault.code);
    const name = decodeURIComponent(object);
    return request.method === 'PUT' ? put(files, name, request, response) : get(files, name, request, response);
  });
}

async function metadata(files: BlobFiles, name: string, response: ServerResponse): Promise<void> {
  const found = await files.find(name);
  if (found === null) return sendJson(response, 404, { error: { code: 404, message: 'No such object' } });
  sendJson(response, 200, { name, size: String(found.sizeBytes), contentType: found.contentType, generation: '1' });
}

async function remove(files: BlobFiles, name: string, response: ServerResponse): Promise<void> {
  const found = await files.find(name);
  if (found === null) return sendJson(response, 404, { error: { code: 404, message: 'No such object' } });
  await files.remove(name);
  response.writeHead(204).end();
}

async function put(files: BlobFiles, name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { headers } = request;
  const [least = 0, most = Infinity] = String(headers['x-goog-content-length-range'] ?? '0,Infinity')
    .split(',')
    .map(Number);
  const length = Number(headers['content-length'] ?? NaN);
  if (Number.isNaN(length)) return refuse(response, 411, 'MissingContentLength');
  if (length < least) return refuse(response, 400, 'EntityTooSmall');
  if (length > most) return refuse(response, 400, 'EntityTooLarge');
  try {
    // All that is signed here is signed with it: an object is written once.
    if (headers['x-goog-if-generation-match'] !== '0') return refuse(response, 501, 'NotImplemented');
    if ((await files.find(name)) !== null) throw new BlobExistsError(name);
    await files.write(name, headers['content-type'] ?? 'application/octet-stream', request);
  } catch (error) {
    if (error instanceof BlobExistsError) return refuse(response, 412, 'PreconditionFailed');
    throw error;
  }
  response.writeHead(200).end();
}

async function get(files: BlobFiles, name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const found = await files.find(name);
  if (found === null) return refuse(response, 404, 'NoSuchKey');
  const disposition = new URL(request.url ?? '', 'http://x').searchParams.get('response-content-disposition');
  response.writeHead(200, {
    'content-type': found.contentType,
    'content-length': found.sizeBytes,
    ...(disposition === null ? {} : { 'content-disposition': disposition }),
  });
  await pipeline(createReadStream(found.file), response);
}

/** Closes the connection too: the rest of a refused body is not worth reading. */
function refuse(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'content-type': 'application/xml', connection: 'close' })
    .end(`<?xml version='1.0' encoding='UTF-8'?><Error><Code>${code}</Code></Error>`);
}
