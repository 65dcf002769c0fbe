import type { Store } from '../../domain/ports.ts';

export interface CountedWatches {
  readonly store: Store;
  /** How many watches stand just now. */
  active(): number;
  /** Resolves as soon as so many of them stand. */
  count(n: number): Promise<void>;
  /** How many gets and queries were asked so far. */
  reads(): number;
  /** Whatever is read from now on throws this. */
  fail(error: Error): void;
}

/** A store that tells how many watches stand on it and how often it was read, and can be made to fail. */
export function countedWatches(store: Store): CountedWatches {
  let active = 0;
  let reads = 0;
  let failure: Error | null = null;
  const waiting = new Map<() => void, number>();
  const change = (by: number): void => {
    active += by;
    for (const [resolve, n] of waiting) {
      if (n !== active) continue;
      waiting.delete(resolve);
      resolve();
    }
  };
  const read = (): void => {
    reads += 1;
    if (failure !== null) throw failure;
  };
  return {
    store: {
      ...store,
      get: async (ref) => (read(), store.get(ref)),
      query: async (shape, where, options) => (read(), store.query(shape, where, options)),
      watch: (target, onChange) => {
        const stop = store.watch(target, onChange);
        change(1);
        return () => {
          stop();
          change(-1);
        };
      },
    },
    active: () => active,
    count: (n) => new Promise((resolve) => (n === active ? resolve() : void waiting.set(resolve, n))),
    reads: () => reads,
    fail: (error) => {
      failure = error;
    },
  };
}
