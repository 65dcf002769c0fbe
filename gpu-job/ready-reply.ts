import type { ReadyReply } from '../domain/contract/door.ts';

/**
 * A reply to `ready`, or null where it is none. Checked by hand, to the same effect as its schema: it comes between a launch
 * and the first claim, and loading the schemas would take as long as all the rest of the way there.
 */
export function readyReplyOf(value: unknown): ReadyReply | null {
  if (typeof value !== 'object' || value === null) return null;
  const { models, renewEveryMs, abandonAfterMs, idleTimeoutMs, maxLifetimeMs } = value as Readonly<
    Record<keyof ReadyReply, unknown>
  >;
  if (!Array.isArray(models) || !models.every((model) => typeof model === 'string')) return null;
  const times = { renewEveryMs, abandonAfterMs, idleTimeoutMs, maxLifetimeMs };
  if (!Object.values(times).every(Number.isSafeInteger)) return null;
  return { models, ...(times as Record<keyof typeof times, number>) };
}
