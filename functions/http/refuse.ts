import type { IncomingMessage, ServerResponse } from 'node:http';
import { encodeAnswer, type Answer } from './answer.ts';

/** How much of a refused body is read and dropped, and for how long: closing on unread bytes would reset the connection and could take the answer with it. */
const DRAIN_BYTES = 8 * 1024 * 1024;
const DRAIN_MS = 2_000;

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/**
 * Answers a request whose body has not been read: the answer goes out whole at once, the connection closes when the client
 * has had its chance to read it. The response is ended last, since Node closes the socket with it.
 */
export function refuse(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status, headers, text } = encodeAnswer(answer);
  if (!hasBody(request)) return void response.writeHead(status, headers).end(text);
  response.writeHead(status, { ...headers, connection: 'close' });
  response.write(text);
  let left = DRAIN_BYTES;
  const finish = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(finish, DRAIN_MS);
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) finish();
  });
  request.on('error', finish);
  request.once('end', finish).once('close', finish);
}
