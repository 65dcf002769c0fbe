import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { RequestError } from '../../domain/errors.ts';
import { refs } from '../../domain/ports.ts';
import { MINUTE } from '../../domain/time.ts';
import { bearerOf } from '../http/guard.ts';
import type { Deps } from '../deps.ts';

/** How long a key goes on being good after it was taken away. */
const KEY_CACHE_MS = MINUTE;
const KEYS_CACHED = 1_000;

interface Known {
  readonly tenant: string;
  readonly untilMs: number;
}

/**
 * Tells whose request it is by `Authorization: Bearer <key>`. Keys are stored by their hash alone, so the look-up is the
 * comparison. Only good keys are remembered: a new one works at once.
 * The returned function throws RequestError unauthenticated.
 */
export function authenticator({ store, clock }: Pick<Deps, 'store' | 'clock'>) {
  const known = new Map<string, Known>();
  return async (request: IncomingMessage): Promise<string> => {
    const key = bearerOf(request);
    if (key === null) throw new RequestError('unauthenticated', 'Send your API key as "Authorization: Bearer <key>".');
    const hash = createHash('sha256').update(key).digest('hex');
    const cached = known.get(hash);
    if (cached !== undefined && clock.nowMs() < cached.untilMs) return cached.tenant;
    known.delete(hash);
    const read = await store.get(refs.key(hash));
    if (read === null) throw new RequestError('unauthenticated', 'This API key is not known.');
    const oldest = known.keys().next();
    if (known.size >= KEYS_CACHED && oldest.done !== true) known.delete(oldest.value);
    known.set(hash, { tenant: read.data.tenant, untilMs: clock.nowMs() + KEY_CACHE_MS });
    return read.data.tenant;
  };
}
