import type { Clock } from '../../domain/ports.ts';

/** What an instance has found out and goes by for a while. */
export interface Memory<T> {
  get(name: string): T | undefined;
  put(name: string, value: T, untilMs: number): void;
}

/** @param most how many are remembered: for one more the one that came first is forgotten */
export function memory<T>({ nowMs }: Pick<Clock, 'nowMs'>, most: number): Memory<T> {
  const known = new Map<string, { readonly value: T; readonly untilMs: number }>();
  return {
    get: (name) => {
      const found = known.get(name);
      if (found !== undefined && nowMs() < found.untilMs) return found.value;
      known.delete(name);
      return undefined;
    },
    put: (name, value, untilMs) => {
      known.delete(name);
      const [oldest] = known.keys();
      if (known.size >= most && oldest !== undefined) known.delete(oldest);
      known.set(name, { value, untilMs });
    },
  };
}

/** One read for all who ask while it is under way. A failed one is everybody's who waited for it, and nobody's after. */
export function readOnce<T>(read: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const underWay = new Map<string, Promise<T>>();
  return (name) => {
    const known = underWay.get(name);
    if (known !== undefined) return known;
    const mine = read(name).finally(() => underWay.delete(name));
    underWay.set(name, mine);
    return mine;
  };
}
