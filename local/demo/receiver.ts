import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { JobState, WebhookEventType } from '../../domain/contract/job.ts';
import { DemoFailure } from './failure.ts';

const Event = z.object({
  type: WebhookEventType,
  data: z.object({ id: z.string(), version: z.int(), state: JobState }),
});

/** A webhook whose signature was right. */
export interface ReceivedEvent {
  /** The same at each try of one delivery. */
  readonly messageId: string;
  readonly type: z.infer<typeof WebhookEventType>;
  readonly jobId: string;
  readonly version: number;
}

export interface Receiver {
  /** Where webhooks are to be sent, and the secret they are to be signed with. */
  readonly webhook: { readonly url: string; readonly secret: string };
  /** In order of arrival, repetitions included. */
  readonly received: readonly ReceivedEvent[];
  /**
   * Resolves once `isDone` holds of what has been received; nothing is polled.
   * @throws DemoFailure at once where a webhook was not signed right; the signal's reason when it ends
   */
  until(isDone: () => boolean, signal: AbortSignal): Promise<void>;
  /** Offers a file at an address of its own; returns the address. */
  serve(bytes: Buffer, type: string): string;
  stop(): Promise<void>;
}

/** Starts what a customer would run: an endpoint on 127.0.0.1 that takes signed webhooks (Standard Webhooks 1.0) and no others. */
export async function startReceiver(): Promise<Receiver> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const verifier = new Webhook(secret);
  const received: ReceivedEvent[] = [];
  const files = new Map<string, { readonly bytes: Buffer; readonly type: string }>();
  const lookers = new Set<() => void>();
  const faults: DemoFailure[] = [];

  const take = (body: string, request: IncomingMessage): boolean => {
    try {
      const { type, data } = Event.parse(verifier.verify(body, request.headers as Record<string, string>));
      const messageId = String(request.headers['webhook-id']);
      received.push({ messageId, type, jobId: data.id, version: data.version });
    } catch (error) {
      faults.push(new DemoFailure(`A webhook came that does not hold: ${(error as Error).message}.`));
    }
    for (const look of [...lookers]) look();
    return faults.length === 0;
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const file = request.method === 'GET' ? files.get(request.url ?? '') : undefined;
    if (file !== undefined) {
      response.writeHead(200, { 'content-type': file.type, 'content-length': file.bytes.length }).end(file.bytes);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      response.writeHead(take(Buffer.concat(chunks).toString('utf8'), request) ? 204 : 401).end();
    });
  };

  const server = createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    webhook: { url: `${origin}/webhooks`, secret },
    received,
    until: (isDone, signal) =>
      new Promise<void>((resolve, reject) => {
        const end = (settle: () => void): void => {
          lookers.delete(look);
          signal.removeEventListener('abort', look);
          settle();
        };
        const look = (): void => {
          const [fault] = faults;
          if (fault !== undefined) return end(() => reject(fault));
          if (isDone()) return end(resolve);
          if (signal.aborted) end(() => reject(signal.reason as Error));
        };
        lookers.add(look);
        signal.addEventListener('abort', look);
        look();
      }),
    serve: (bytes, type) => {
      const path = `/files/${randomBytes(16).toString('hex')}`;
      files.set(path, { bytes, type });
      return `${origin}${path}`;
    },
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
