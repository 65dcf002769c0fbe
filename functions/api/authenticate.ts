import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Key, Scope } from '../../domain/contract/tenant.ts';
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
/** What a key may do whose document does not say it. */
const UNNAMED: readonly Scope[] = ['submit', 'read'];

/** Whose request it is, and what it may do. */
export interface Caller {
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  /** What it showed: a key, an ID token of a Google account or of a program that signed in as its tenant, or a read token. */
  readonly via: 'key' | 'account' | 'sign-in' | 'read-token';
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
export function authenticator(deps: Pick<Deps, 'store' | 'clock' | 'secrets' | 'idTokens'>) {
  const { store, clock, secrets } = deps;
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
    const { caller, endsAtMs } = isJwt(key) ? await signedIn(deps, key) : await keyHolder(store, hash);
    if (endsAtMs <= nowMs) throw new RequestError('unauthenticated', 'This key or token has ended. Get a new one.');
    const oldest = known.keys().next();
    if (known.size >= KEYS_CACHED && oldest.done !== true) known.delete(oldest.value);
    known.set(hash, { caller, untilMs: Math.min(nowMs + KEY_CACHE_MS, endsAtMs) });
    return caller;
  };
}

interface Found {
  readonly caller: Caller;
  readonly endsAtMs: number;
}

async function keyHolder(store: Deps['store'], hash: string): Promise<Found> {
  const read = await store.get(refs.key(hash));
  if (read === null) throw new RequestError('unauthenticated', 'This API key is not known.');
  const { tenant, scopes = UNNAMED, endsAtMs = Infinity } = read.data;
  return { caller: { tenant, scopes, via: 'key' }, endsAtMs };
}

/** Three parts, of which the first says that it is a JSON web token. */
const isJwt = (text: string): boolean => /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(text);

/** Whoever shows an ID token: a Google account that a tenant names, or a program that signed in as its tenant, which only reads. */
async function signedIn({ store, idTokens }: Pick<Deps, 'store' | 'idTokens'>, token: string): Promise<Found> {
  const identity = await idTokens.verify(token);
  if (identity === null) throw new RequestError('unauthenticated', 'This ID token is not good here.');
  const { endsAtMs } = identity;
  if (identity.kind === 'tenant') {
    return { caller: { tenant: identity.tenant, scopes: ['read'], via: 'sign-in' }, endsAtMs };
  }
  const { items } = await store.query('tenantsOfAccount', { accounts: identity.email }, { limit: 2 });
  const [tenant, another] = items;
  if (tenant === undefined) throw new RequestError('forbidden', `${identity.email} is an account of no tenant here.`);
  if (another !== undefined) {
    throw new RequestError('forbidden', `${identity.email} is an account of several tenants. Use a key of one.`);
  }
  return { caller: { tenant: tenant.data.id, scopes: ['submit', 'read'], via: 'account' }, endsAtMs };
}

async function readerOf(secrets: Secrets, text: string, nowMs: number): Promise<Caller> {
  const token = await openReadToken(secrets, text);
  if (token === null || token.endsAtMs <= nowMs) {
    throw new RequestError('unauthenticated', 'This read token is none, or has ended. Ask for a new one.');
  }
  return { tenant: token.tenant, scopes: ['read'], via: 'read-token', job: token.job };
}

/** What a key is stored under. */
export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

export const isLive = ({ endsAtMs = Infinity }: Key, nowMs: number): boolean => nowMs < endsAtMs;
