import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { RequestError } from '../domain/errors.ts';
import type { Log } from '../domain/ports.ts';
import { SECOND } from '../domain/time.ts';
import { encodeAnswer, problemAnswer, sendAnswer } from './http/answer.ts';
import type { Guard } from './http/guard.ts';
import { refuse } from './http/refuse.ts';
import { answerStartup, STARTUP_PATH, type Ready } from './http/startup.ts';
import type { ServedFunction } from './served-function.ts';

export { bearerGuard } from './http/guard.ts';

export interface Served {
  readonly url: string;
  /** Takes no more requests, lets those under way have a moment, by default 1 s, then drops them. Idempotent. */
  close(graceMs?: number): Promise<void>;
}

const HEADERS_MS = 10 * SECOND;
const BODY_MS = 30 * SECOND;
/** Connections that may wait to be taken: of a thousand clients that come at once, the usual 511 would keep half out for seconds. */
const BACKLOG = 4_096;
/** Longer than what stands in front leaves a connection unused (a minute, mostly): whoever ends it first must be the one who asks. */
const KEEP_ALIVE_MS = 75 * SECOND;
const CLOSE_GRACE_MS = SECOND;

/**
 * Serves one function: a guard in front of functions-framework, which would read a whole body of any size before any code of
 * ours, and answers what it does not like with pages of HTML.
 * @param options.ready where it must be asked before requests come: answered at STARTUP_PATH, to whoever asks
 * @throws the listen error of the port
 */
export async function serveFunction(
  name: string,
  served: ServedFunction,
  guard: Guard,
  options: { readonly host: string; readonly port: number; readonly log: Log; readonly ready?: Ready },
): Promise<Served> {
  const { log, ready } = options;
  let framework: Promise<Server> | null = null;
  const load = async (): Promise<Server> => {
    try {
      return (await import('./http/framework.ts')).frameworkServer(name, served, log);
    } catch (error) {
      framework = null;
      throw error;
    }
  };
  const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: BODY_MS, keepAliveTimeout: KEEP_ALIVE_MS });
  // How many answers each connection still owes: a problem must not be written into the middle of one.
  const owed = new WeakMap<Duplex, number>();

  const take = async (request: IncomingMessage, response: ServerResponse, isAsked: boolean): Promise<void> => {
    owe(owed, request.socket, response);
    if (ready !== undefined && request.method === 'GET' && request.url === STARTUP_PATH) {
      return answerStartup(ready, response, log);
    }
    let behind: Server;
    try {
      await guard(request, response);
      // Loaded for the first request that is let in: what is refused goes out without it.
      behind = await (framework ??= load());
    } catch (error) {
      return refuse(request, response, problemAnswer(error, log));
    }
    // Shown to the framework as bytes, so that it parses nothing: each function reads its own body, and what it cannot read
    // is its to judge.
    request.headers['content-type'] = 'application/octet-stream';
    if (isAsked) response.writeContinue();
    response.setHeader('x-content-type-options', 'nosniff');
    // The third argument is Express's `next`: what the framework cannot read, and its own 404, end here instead of in HTML.
    behind.emit('request', request, response, (error: unknown) =>
      sendAnswer(response, problemAnswer(frameworkProblem(error), log)),
    );
  };
  server.on('request', (request, response) => void take(request, response, false));
  server.on('checkContinue', (request: IncomingMessage, response) => void take(request, response, true));
  server.on('checkExpectation', (request: IncomingMessage, response) =>
    refuse(request, response, problemAnswer(malformed('Only Expect: 100-continue is understood.'), log)),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseRaw(error, socket, owed, log));

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: options.port, host: options.host, backlog: BACKLOG }, resolve);
  });
  let closing: Promise<void> | null = null;
  return {
    url: `http://${options.host}:${(server.address() as AddressInfo).port}`,
    close: (graceMs = CLOSE_GRACE_MS) => (closing ??= closeSoon(server, graceMs)),
  };
}

const malformed = (detail: string): RequestError => new RequestError('invalid_request', detail);

/** What functions-framework gives up on: its parsers' errors carry a 4xx status; no error at all means that it has no such route. */
function frameworkProblem(error: unknown): unknown {
  if (error === undefined || error === null) return new RequestError('not_found', 'There is nothing at this address.');
  const status = (error as { status?: unknown }).status;
  return typeof status === 'number' && status < 500 ? malformed('The body cannot be read.') : error;
}

function owe(owed: WeakMap<Duplex, number>, socket: Socket, response: ServerResponse): void {
  owed.set(socket, (owed.get(socket) ?? 0) + 1);
  response.once('close', () => owed.set(socket, (owed.get(socket) ?? 1) - 1));
}

/** Answers bytes that are no HTTP, or headers that do not come to an end. There is no response object yet, only the socket. */
function refuseRaw(error: NodeJS.ErrnoException, socket: Duplex, owed: WeakMap<Duplex, number>, log: Log): void {
  if (error.code === 'ECONNRESET' || !socket.writable || (owed.get(socket) ?? 0) > 0) return void socket.destroy();
  const slow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const why = slow ? 'The request took too long to arrive.' : 'This is not an HTTP request that can be read.';
  const { status, headers, text } = encodeAnswer(problemAnswer(malformed(why), log));
  const lines = Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} Bad Request\r\n${lines.join('')}connection: close\r\n\r\n${text}`);
  // Whatever else comes is not read as HTTP again; a client that never closes is closed.
  (socket as Socket).setTimeout(CLOSE_GRACE_MS, () => socket.destroy());
}

function closeSoon(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
