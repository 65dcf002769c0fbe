import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

/** A request that came, as it came: of its headers those that a signature is checked by. */
export interface ReceivedRequest {
  readonly atMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly base64: string;
}

/** It is open to everybody: this is all that anybody can fill. */
export const LIMITS = { paths: 200, requestsOfPath: 20, bodyBytes: 64 * 1024, allBytes: 64 * 1024 * 1024 } as const;
/** What a request takes beside its bytes, by a generous guess. */
const EACH_BYTES = 1024;
/** Who does not send, or hangs on, is dropped. */
const SLOWEST_MS = 10_000;
/** As in functions/serve.ts: longer than Google's front end leaves a connection unused, or one request in many meets a reset. */
const KEEP_ALIVE_MS = 75_000;

/** Whoever knows a path has made it up: 128 random bits. */
const PATH = /^\/([0-9a-f]{32})$/;
const KEPT_HEADER = /^(webhook-.*|content-type|user-agent)$/;

/** As it is kept: encoded only when it is asked for, one at a time, since a text takes more and in a smaller place. */
interface Kept extends Pick<ReceivedRequest, 'atMs' | 'headers'> {
  readonly body: Buffer;
  /** All that it takes. */
  readonly bytes: number;
}

/**
 * Keeps what is posted to `/<32 hex digits>`, in memory, and answers a GET there with it: `{"items": [ReceivedRequest]}`. Of paths
 * the one that was first goes when there are too many, or what is kept of all is too much.
 */
export function createReceiver(): Server {
  const kept = new Map<string, Kept[]>();
  let allBytes = 0;

  const forgetFirst = (): void => {
    const [first] = kept;
    if (first === undefined) return;
    kept.delete(first[0]);
    allBytes -= first[1].reduce((sum, { bytes }) => sum + bytes, 0);
  };

  const keep = (path: string, headers: IncomingMessage['headers'], body: Buffer): number => {
    const requests = kept.get(path) ?? [];
    if (requests.length >= LIMITS.requestsOfPath) return 429;
    const signed = Object.entries(headers).filter(([name]) => KEPT_HEADER.test(name));
    const all = Object.fromEntries(signed.map(([name, value]) => [name, String(value)]));
    const bytes = body.length + 2 * JSON.stringify(all).length + EACH_BYTES;
    if (!kept.has(path)) {
      if (kept.size >= LIMITS.paths) forgetFirst();
      kept.set(path, requests);
    }
    requests.push({ atMs: Date.now(), headers: all, body, bytes });
    allBytes += bytes;
    while (allBytes > LIMITS.allBytes) forgetFirst();
    return 204;
  };

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const [, path] = PATH.exec(request.url ?? '') ?? [];
    if (path !== undefined && request.method === 'GET') {
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
      response.writeHead(200, headers);
      Readable.from(textOf([...(kept.get(path) ?? [])]), { highWaterMark: 1 }).pipe(response);
      return;
    }
    if (path === undefined || request.method !== 'POST') return ended(request, response, 404);
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= LIMITS.bodyBytes) chunks.push(chunk);
      else if (!response.headersSent) ended(request, response, 413);
    });
    request.once('end', () => {
      if (!response.headersSent) response.writeHead(keep(path, request.headers, Buffer.concat(chunks))).end();
    });
  };
  const slowest = { requestTimeout: SLOWEST_MS, headersTimeout: SLOWEST_MS, keepAliveTimeout: KEEP_ALIVE_MS };
  // Who asks and does not read would keep what is forgotten.
  return createServer({ ...slowest, maxHeaderSize: 8 * 1024 }, answer).setTimeout(SLOWEST_MS);
}

function* textOf(requests: readonly Kept[]): Generator<string> {
  yield '{"items":[';
  for (const [i, { atMs, headers, body }] of requests.entries()) {
    const item: ReceivedRequest = { atMs, headers, base64: body.toString('base64') };
    yield `${i === 0 ? '' : ','}${JSON.stringify(item)}`;
  }
  yield ']}';
}

/** Whatever else was to be sent is not waited for. */
function ended(request: IncomingMessage, response: ServerResponse, status: number): void {
  response.writeHead(status, { connection: 'close' }).end(() => request.destroy());
}
