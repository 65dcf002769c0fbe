import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { jsonOf } from '../../client/problem.ts';
import { NotYet } from './failure.ts';
import { fetched } from './fetched.ts';
import { createReceiver, type ReceivedRequest } from './receiver.ts';

/** An address for webhooks, and what came there. */
export interface Inbox {
  readonly url: string;
  /** @throws NotYet where the receiver does not answer with what came */
  received(signal: AbortSignal): Promise<readonly ReceivedRequest[]>;
  /** Whether what is sent to the receiver is kept there. @throws NotYet */
  prove(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

const Items = z.object({
  items: z.array(z.object({ atMs: z.number(), headers: z.record(z.string(), z.string()), base64: z.string() })),
});

/**
 * An inbox at a receiver that runs already.
 * @param receiver its address, without a path
 * @param options.callMs how long it may take to answer
 */
export function inboxAt(
  receiver: string,
  { close = async () => undefined, callMs }: { readonly close?: Inbox['close']; readonly callMs?: number } = {},
): Inbox {
  const newAddress = (): string => `${receiver.replace(/\/+$/, '')}/${randomBytes(16).toString('hex')}`;
  const limit = callMs === undefined ? {} : { callMs };
  const asked = (url: string, init: { readonly signal: AbortSignal } & Pick<RequestInit, 'method' | 'body'>) =>
    fetched(url, receiver, { redirect: 'manual', ...limit, ...init });
  const read = async (url: string, signal: AbortSignal): Promise<readonly ReceivedRequest[]> => {
    const { status, body } = await asked(url, { signal });
    const items = Items.safeParse(jsonOf(body.toString()));
    if (status === 200 && items.success) return items.data.items;
    throw new NotYet(`${receiver} is no receiver, or not yet: it answers HTTP ${status}, and no list.`);
  };
  const [url, proof] = [newAddress(), newAddress()];
  return {
    url,
    received: (signal) => read(url, signal),
    prove: async (signal) => {
      const { status } = await asked(proof, { method: 'POST', body: 'proof', signal });
      const kept = await read(proof, signal);
      const isKept = kept.some(({ base64 }) => Buffer.from(base64, 'base64').toString() === 'proof');
      if (!isKept) throw new NotYet(`${receiver} is no receiver, or not yet: it keeps nothing (HTTP ${status}).`);
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
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return inboxAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { close });
}
