import type { Store } from '../../domain/ports.ts';
import type { Deps } from '../deps.ts';

/** What a store can watch. */
export type Target = Parameters<Store['watch']>[0];

/** Changes of what is watched, to be waited for one after the other. */
export interface Changes {
  /**
   * Resolves to true as soon as something has changed since it last did so, or the client has gone; to false after `ms`. Read
   * after a true one, and after the watch was set: what comes during the read is told by the next call.
   */
  next(ms: number): Promise<boolean>;
  /** Ends all watches and the timer. Idempotent. */
  stop(): void;
}

const NOTHING = (): void => undefined;

/** Watches from now on, until stopped. @throws what `Store.watch` throws */
export function watchChanges(
  { store, clock }: Pick<Deps, 'store' | 'clock'>,
  targets: readonly Target[],
  gone: AbortSignal,
): Changes {
  let changed = false;
  let wake = NOTHING;
  const onChange = (): void => {
    changed = true;
    wake();
  };
  let callOff = NOTHING;
  const stops = targets.map((target) => store.watch(target, onChange));
  gone.addEventListener('abort', onChange);
  return {
    next: async (ms) => {
      if (!changed && !gone.aborted) {
        await new Promise<void>((resolve) => {
          callOff = clock.after(ms, resolve);
          wake = resolve;
        });
        callOff();
        callOff = wake = NOTHING;
      }
      const isChange = changed || gone.aborted;
      changed = false;
      return isChange;
    },
    stop: () => {
      callOff();
      for (const stop of stops) stop();
      gone.removeEventListener('abort', onChange);
    },
  };
}
