import { isHurtful } from './fault.ts';
import type { Invocation } from './invocation.ts';
import type { Pending } from './pending.ts';

/** How an event was closed: by which call, and for whom. */
export interface Closing {
  readonly number: number;
  readonly by: Invocation | null;
}

/**
 * Whether a fault may have kept whoever closed an event from counting it. Counting follows the commit that closes the event
 * and cannot be in it; so that is one which hit the commit, or the count itself, or ended the process in between. What the
 * event owes is published in between too: that this fails is no reason not to count.
 * @param steps of all settlings
 */
export function isHurt(path: string, { number, by }: Closing, steps: readonly Pending[]): boolean {
  const own = steps.filter(({ asked, invocation }) => asked.settles === path && invocation === by);
  return own
    .slice(own.findIndex(({ call }) => call?.number === number))
    .some(({ asked, call, isTold }) => !isTold || (asked.op !== 'bus.publish' && isHurtful(call?.fault ?? null)));
}
