import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FUNCTION_NAMES, type FunctionName } from '../../eventarc/routes.ts';
import type { FunctionAddress } from '../../local/bus.ts';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** The most requests that were open at a time. */
  readonly most: () => number;
  readonly stop: () => Promise<void>;
}

/** An HTTP server that answers each request as `answer` says, which gets its number from 1. */
export async function startReceiver(answer: (n: number) => number | Promise<number>): Promise<Receiver> {
  const received: Received[] = [];
  let [open, most] = [0, 0];
  const server = createServer((request, response) => {
    most = Math.max(most, ++open);
    response.once('close', () => open--);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      void Promise.resolve(answer(received.length)).then((status) => response.writeHead(status).end('{}'));
    });
  });
  const url = await listen(server);
  return { url, received, most: () => most, stop: () => close(server) };
}

/** Starts a server on a free port of 127.0.0.1; resolves with its address. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

/** Every function at the same address, each with a token of its own. */
export const allAt = (url: string): Record<FunctionName, FunctionAddress> =>
  Object.fromEntries(FUNCTION_NAMES.map((name) => [name, { url, token: `token-${name}` }])) as Record<
    FunctionName,
    FunctionAddress
  >;
