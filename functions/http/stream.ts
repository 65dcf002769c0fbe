import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Log } from '../../domain/ports.ts';

/** An answer whose text comes bit by bit. `stream` is asked for more only as fast as the client reads, and returned to when it hangs up. */
export interface StreamedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>> & { readonly 'content-type': string };
  readonly stream: AsyncIterable<string>;
}

/**
 * Sends an answer as it comes to be. The headers go out at once, so whatever is thrown from then on can be told to nobody: it is
 * logged, and the connection closed without the end of the answer, by which the client knows that it has not all of it.
 */
export async function sendStream(response: ServerResponse, answer: StreamedAnswer, log: Log): Promise<void> {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const { status, headers, stream } = answer;
  // The last one is for proxies, which would else keep back what comes until there is much of it.
  response.writeHead(status, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-accel-buffering': 'no',
    ...headers,
  });
  response.flushHeaders();
  try {
    await pipeline(Readable.from(stream, { highWaterMark: 1 }), response);
  } catch (error) {
    // The client has hung up, as it may.
    if ((error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    log.error('answer broken off', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    response.destroy();
  }
}
