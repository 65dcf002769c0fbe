import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { SmokeFailure } from './checks.ts';
import { createReceiver, type ReceivedRequest } from './receiver.ts';

/** An address for webhooks, and what came there. */
export interface Inbox {
  readonly url: string;
  /** @throws SmokeFailure where the receiver does not answer */
  received(signal: AbortSignal): Promise<readonly ReceivedRequest[]>;
  /** Whether what is sent to the receiver is kept there. @throws SmokeFailure */
  prove(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

const Items = z.object({
  items: z.array(z.object({ atMs: z.number(), headers: z.record(z.string(), z.string()), base64: z.string() })),
});

/** An inbox at a receiver that runs already. @param receiver its address, without a path */
export function inboxAt(receiver: string, close: Inbox['close'] = async () => undefined): Inbox {
  const newAddress = (): string => `${receiver.replace(/\/+$/, '')}/${randomBytes(16).toString('hex')}`;
  const asked = async (url: string, init: RequestInit): Promise<Response> => {
    try {
      return await fetch(url, { redirect: 'manual', ...init });
    } catch (error) {
      init.signal?.throwIfAborted();
      const { message, cause } = error as Error;
      throw new SmokeFailure(`${receiver} cannot be reached: ${cause instanceof Error ? cause.message : message}.`);
    }
  };
  const read = async (url: string, signal: AbortSignal): Promise<readonly ReceivedRequest[]> => {
    const response = await asked(url, { signal });
    const items = Items.safeParse(await response.json().catch(() => null));
    if (response.ok && items.success) return items.data.items;
    throw new SmokeFailure(`${receiver} is no receiver: it answers HTTP ${response.status}, and no list.`);
  };
  const url = newAddress();
  return {
    url,
    received: (signal) => read(url, signal),
    prove: async (signal) => {
      const other = newAddress();
      const { status } = await asked(other, { method: 'POST', body: 'proof', signal });
      const [kept] = await read(other, signal);
      const isKept = kept !== undefined && Buffer.from(kept.base64, 'base64').toString() === 'proof';
      if (!isKept) throw new SmokeFailure(`${receiver} is no receiver: it keeps nothing (HTTP ${status}).`);
    },
    close,
  };
}

/** A receiver on this machine, for a deployment on this machine. */
export async function inboxHere(): Promise<Inbox> {
  const server = createReceiver();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return inboxAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  });
}
