import type { ServerResponse } from 'node:http';
import type { Log } from '../../domain/ports.ts';

/** What Cloud Run asks of a new instance, by its startup probe, until it is told that requests may come. */
export const STARTUP_PATH = '/startup';

/** Resolves once this instance can do its work, and rejects while it cannot. */
export type Ready = () => Promise<void>;

/** 204 or 503, without a word of why: the guard is not asked here, and the log is told. */
export async function answerStartup(ready: Ready, response: ServerResponse, log: Log): Promise<void> {
  try {
    await ready();
    response.writeHead(204).end();
  } catch (error) {
    log.info('not ready for requests yet', { error: String(error) });
    response.writeHead(503).end();
  }
}
