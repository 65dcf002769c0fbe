import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** A request that came, as it came: of its headers those that a signature is checked by. */
export interface ReceivedRequest {
  readonly atMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly base64: string;
}

/** It is open to everybody: this is all that anybody can fill, 250 MiB. */
export const LIMITS = { paths: 200, requestsOfPath: 20, bodyBytes: 64 * 1024 } as const;
/** Who does not send, or hangs on, is dropped. */
const SLOWEST_MS = 10_000;

/** Whoever knows a path has made it up: 128 random bits. */
const PATH = /^\/([0-9a-f]{32})$/;
const KEPT_HEADER = /^(webhook-.*|content-type|user-agent)$/;

/**
 * Keeps what is posted to `/<32 hex digits>`, in memory, and answers a GET there with it: `{"items": [ReceivedRequest]}`. Of paths
 * the one that was first goes when there are too many.
 */
export function createReceiver(): Server {
  const kept = new Map<string, ReceivedRequest[]>();

  const keep = (path: string, headers: IncomingMessage['headers'], body: Buffer): number => {
    const requests = kept.get(path) ?? [];
    if (requests.length >= LIMITS.requestsOfPath) return 429;
    const [first] = kept.keys();
    if (requests.length === 0 && kept.size >= LIMITS.paths && first !== undefined) kept.delete(first);
    const signed = Object.entries(headers).filter(([name]) => KEPT_HEADER.test(name));
    const all = Object.fromEntries(signed.map(([name, value]) => [name, String(value)]));
    kept.set(path, [...requests, { atMs: Date.now(), headers: all, base64: body.toString('base64') }]);
    return 204;
  };

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const [, path] = PATH.exec(request.url ?? '') ?? [];
    if (path !== undefined && request.method === 'GET') {
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
      response.writeHead(200, headers).end(JSON.stringify({ items: kept.get(path) ?? [] }));
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
  return createServer({ requestTimeout: SLOWEST_MS, headersTimeout: SLOWEST_MS, maxHeaderSize: 8 * 1024 }, answer);
}

/** Whatever else was to be sent is not waited for. */
function ended(request: IncomingMessage, response: ServerResponse, status: number): void {
  response.writeHead(status, { connection: 'close' }).end(() => request.destroy());
}
