import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Scope, type Key } from '../../domain/contract/tenant.ts';
import { RequestError } from '../../domain/errors.ts';
import { refs, type Secrets } from '../../domain/ports.ts';
import { MINUTE } from '../../domain/time.ts';
import type { Deps } from '../deps.ts';
import { bearerOf } from '../http/guard.ts';
import { isMistyped } from './keys/key-text.ts';
import { isReadToken, openReadToken } from './read-token.ts';

/** How long a key goes on being good in an instance of the api after it was taken away. */
const KEY_CACHE_MS = MINUTE;
const KEYS_CACHED = 1_000;

/** Whose request it is, and what it may do. */
export interface Caller {
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  /** The one job that may be read, where it is no key that was shown but a read token. */
  readonly job?: string;
}

interface Known {
  readonly caller: Caller;
  readonly untilMs: number;
}

/**
 * Tells whose request it is by `Authorization: Bearer <key>`. Keys are stored by their hash alone, so the look-up is the
 * comparison, and its time tells nothing of them. Only good keys are remembered: a new one works at once.
 * The returned function throws RequestError unauthenticated.
 */
export function authenticator({ store, clock, secrets }: Pick<Deps, 'store' | 'clock' | 'secrets'>) {
  const known = new Map<string, Known>();
  /** @param shown a read token that came by another way than the header */
  return async (request: IncomingMessage, shown: string | null = null): Promise<Caller> => {
    const key = shown ?? bearerOf(request);
    if (key === null) throw new RequestError('unauthenticated', 'Send your API key as "Authorization: Bearer <key>".');
    if (isReadToken(key)) return readerOf(secrets, key, clock.nowMs());
    if (isMistyped(key)) throw new RequestError('unauthenticated', 'This API key has a letter wrong or is cut off.');
    const hash = hashOf(key);
    const nowMs = clock.nowMs();
    const cached = known.get(hash);
    if (cached !== undefined && nowMs < cached.untilMs) return cached.caller;
    known.delete(hash);
    const read = await store.get(refs.key(hash));
    if (read === null) throw new RequestError('unauthenticated', 'This API key is not known.');
    const { tenant, scopes = Scope.options, endsAtMs = Infinity } = read.data;
    if (endsAtMs <= nowMs) throw new RequestError('unauthenticated', 'This API key has ended. Ask for a new one.');
    const oldest = known.keys().next();
    if (known.size >= KEYS_CACHED && oldest.done !== true) known.delete(oldest.value);
    const caller = { tenant, scopes };
    known.set(hash, { caller, untilMs: Math.min(nowMs + KEY_CACHE_MS, endsAtMs) });
    return caller;
  };
}

async function readerOf(secrets: Secrets, text: string, nowMs: number): Promise<Caller> {
  const token = await openReadToken(secrets, text);
  if (token === null || token.endsAtMs <= nowMs) {
    throw new RequestError('unauthenticated', 'This read token is none, or has ended. Ask for a new one.');
  }
  return { tenant: token.tenant, scopes: ['read'], job: token.job };
}

/** What a key is stored under. */
export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

export const isLive = ({ endsAtMs = Infinity }: Key, nowMs: number): boolean => nowMs < endsAtMs;
