import { RequestError } from '../../domain/errors.ts';
import type { Store } from '../../domain/ports.ts';
import type { Deps } from '../deps.ts';
import type { Call } from './route.ts';

/** How many answers of an instance are held open just now, by tenant and by job of a read token. Each costs a watch. */
const counts = new WeakMap<Store, Map<string, number>>();

type Needs = Pick<Deps, 'store' | 'settings'>;
type Whose = Pick<Call, 'tenant' | 'job'>;

/** Under what an answer to this caller counts, and how many of them there may be. */
function boundsFor({ settings }: Needs, { tenant, job }: Whose): readonly (readonly [string, number])[] {
  const ofTenant = [`tenant ${tenant}`, settings.maxOpenOfTenant] as const;
  return job === undefined ? [ofTenant] : [ofTenant, [`job ${job}`, settings.maxOpenOfJob]];
}

/** Whether one more answer may be held open for this caller. */
export function mayHoldOpen(deps: Needs, whose: Whose): boolean {
  const open = counts.get(deps.store);
  return boundsFor(deps, whose).every(([name, most]) => (open?.get(name) ?? 0) < most);
}

/**
 * Counts an answer as held open, until the function that it returns is called, once or more often.
 * @throws RequestError too_many_streams
 */
export function holdOpen(deps: Needs, whose: Whose): () => void {
  if (!mayHoldOpen(deps, whose)) {
    throw new RequestError(
      'too_many_streams',
      'As many answers as may are held open for you already. Close some, or ask without "Prefer: wait" and as application/json.',
    );
  }
  const open = counts.get(deps.store) ?? new Map<string, number>();
  counts.set(deps.store, open);
  const names = boundsFor(deps, whose).map(([name]) => name);
  for (const name of names) open.set(name, (open.get(name) ?? 0) + 1);
  let isOpen = true;
  return () => {
    if (!isOpen) return;
    isOpen = false;
    for (const name of names) {
      const left = (open.get(name) ?? 1) - 1;
      if (left > 0) open.set(name, left);
      else open.delete(name);
    }
  };
}
