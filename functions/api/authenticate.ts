import type { IncomingMessage } from 'node:http';
import type { Scope } from '../../domain/contract/tenant.ts';
import { RequestError } from '../../domain/errors.ts';
import { refs, type Secrets } from '../../domain/ports.ts';
import { MINUTE, SECOND } from '../../domain/time.ts';
import type { Deps } from '../deps.ts';
import { bearerOf } from '../http/guard.ts';
import { hashOf, isMadeKey, isMistyped } from './keys/key-text.ts';
import { isReadToken, openReadToken } from './read-token.ts';
import { memory, readOnce } from '../steps/remember.ts';

/** How long a key goes on being good in an instance of the api after it was taken away. */
const KEY_CACHE_MS = MINUTE;
/** How long what was refused is refused without another look: so much later than it might does a key work that was tried before it was made. */
const REFUSED_CACHE_MS = 5 * SECOND;
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

export interface KeyRules {
  /** Whether a person may have chosen a key, as on one machine: then what looks like none of ours may be one, too. */
  readonly takesChosenKeys: boolean;
}

/**
 * Tells whose request it is by `Authorization: Bearer <key>`. Keys are stored by their hash alone, so the look-up is the
 * comparison, and its time tells nothing of them. What can be no key is refused without a look; what is none is remembered for
 * a few seconds, apart from the good ones, so that guessing costs them nothing. A new key works at once.
 * The returned function throws RequestError unauthenticated, forbidden.
 */
export function authenticator(
  deps: Pick<Deps, 'store' | 'clock' | 'secrets' | 'idTokens'>,
  { takesChosenKeys }: KeyRules,
) {
  const { clock, secrets } = deps;
  const good = memory<Caller>(clock, KEYS_CACHED);
  const refused = memory<RequestError>(clock, KEYS_CACHED);
  const lookUp = async (text: string): Promise<Caller> => {
    const nowMs = clock.nowMs();
    const { caller, endsAtMs } = isJwt(text) ? await signedIn(deps, text) : await keyHolder(deps, hashOf(text));
    if (endsAtMs <= nowMs) throw new RequestError('unauthenticated', 'This key or token has ended. Get a new one.');
    good.put(hashOf(text), caller, Math.min(nowMs + KEY_CACHE_MS, endsAtMs));
    return caller;
  };
  const lookUpOnce = readOnce(async (text) => {
    try {
      return await lookUp(text);
    } catch (error) {
      if (error instanceof RequestError) refused.put(hashOf(text), error, clock.nowMs() + REFUSED_CACHE_MS);
      throw error;
    }
  });
  /** @param shown a read token that came by another way than the header */
  return async (request: IncomingMessage, shown: string | null = null): Promise<Caller> => {
    const text = shown ?? bearerOf(request);
    if (text === null) throw new RequestError('unauthenticated', 'Send your API key as "Authorization: Bearer <key>".');
    if (isReadToken(text)) return readerOf(secrets, text, clock.nowMs());
    if (isMistyped(text)) throw new RequestError('unauthenticated', 'This API key has a letter wrong or is cut off.');
    if (!takesChosenKeys && !isJwt(text) && !isMadeKey(text)) throw unknownKey();
    const name = hashOf(text);
    const refusal = refused.get(name);
    if (refusal !== undefined) throw refusal;
    return good.get(name) ?? lookUpOnce(text);
  };
}

interface Found {
  readonly caller: Caller;
  readonly endsAtMs: number;
}

const unknownKey = (): RequestError => new RequestError('unauthenticated', 'This API key is not known.');

async function keyHolder({ store }: Pick<Deps, 'store'>, hash: string): Promise<Found> {
  const read = await store.get(refs.key(hash));
  if (read === null) throw unknownKey();
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
  const [tenant, another] = await tenantsOf(store, identity.email);
  if (tenant === undefined) throw new RequestError('forbidden', `${identity.email} is an account of no tenant here.`);
  if (another !== undefined) {
    throw new RequestError('forbidden', `${identity.email} is an account of several tenants. Use a key of one.`);
  }
  return { caller: { tenant, scopes: ['submit', 'read'], via: 'account' }, endsAtMs };
}

/** The ids of two at most. Addresses are stored in lower case; builds of before stored them as they were written. */
async function tenantsOf(store: Deps['store'], email: string): Promise<readonly string[]> {
  const spellings = [...new Set([email.toLowerCase(), email])];
  const pages = await Promise.all(
    spellings.map((accounts) => store.query('tenantsOfAccount', { accounts }, { limit: 2 })),
  );
  return [...new Set(pages.flatMap(({ items }) => items.map(({ data }) => data.id)))];
}

async function readerOf(secrets: Secrets, text: string, nowMs: number): Promise<Caller> {
  const token = await openReadToken(secrets, text);
  if (token === null || token.endsAtMs <= nowMs) {
    throw new RequestError('unauthenticated', 'This read token is none, or has ended. Ask for a new one.');
  }
  return { tenant: token.tenant, scopes: ['read'], via: 'read-token', job: token.job };
}
