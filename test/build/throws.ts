import { createServer as create } from 'node:http';

/** Ends as a bundle may; the test looks where its stack trace says that it did. */
export function throwHere(): never {
  const server = create();
  server.close();
  throw new Error('on purpose');
}
throwHere();
