import { wrapped } from '../../client/command/text.ts';
import { patiently, type SmokeClock } from './patience.ts';

/** In the order in which they are made. */
export const CHECKS = [
  'receiver',
  'health',
  'models',
  'submit',
  'run',
  'output',
  'timeline',
  'artifacts',
  'replay',
  'cancel',
  'webhooks',
  'events',
] as const;
export type CheckName = (typeof CHECKS)[number];

/** Those that are not due where no webhooks can be tried. */
export const OF_WEBHOOKS: readonly CheckName[] = ['receiver', 'webhooks', 'events'];

/** What is good, in a few words, and what the checks after it go on with. */
export interface Good<T> {
  readonly said: string;
  readonly value: T;
}

export const good = <T>(said: string, value: T): Good<T> => ({ said, value });

export interface Checks {
  /**
   * Makes a check, again while it fails in a way that may pass and the time is not up, and says how it went.
   * @param work may tell on its way where it stands
   * @returns null where it failed
   * @throws the signal's reason, where that is why
   */
  check<T>(
    name: CheckName,
    withinMs: number,
    work: (tell: (text: string) => void) => Promise<Good<T>>,
  ): Promise<T | null>;
  /** Says how many were good. @returns whether all of `due` were made, and are */
  close(due: readonly CheckName[]): boolean;
}

/** One line a check, as it ends, and one before where it takes long; what has no room in it goes on below. */
export function checksTo(
  say: (line: string) => void,
  columns: number,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: SmokeClock },
): Checks {
  const nowMs = (): number => performance.now();
  const outcomes = new Map<CheckName, boolean>();
  const beganMs = nowMs();
  const seconds = (sinceMs: number): string => `${((nowMs() - sinceMs) / 1_000).toFixed(1)} s`;

  const line = (mark: 'ok' | 'FAIL' | '...', name: CheckName, time: string, text: string): void => {
    const head = `${mark.padEnd(4)}  ${name.padEnd(9)}  ${time.padStart(7)}  `;
    const [first = '', ...more] = wrapped(text, Math.max(20, columns - head.length));
    say(head + first);
    for (const rest of more) say(' '.repeat(head.length) + rest);
  };
  return {
    check: async (name, withinMs, work) => {
      const startedMs = nowMs();
      try {
        const tell = (text: string): void => line('...', name, seconds(startedMs), text);
        const isLong = ({ message }: Error): void =>
          tell(`${message} This is waited for, up to ${withinMs / 1_000} s.`);
        const { said, value } = await patiently(() => work(tell), { withinMs, signal, clock, isLong });
        outcomes.set(name, true);
        line('ok', name, seconds(startedMs), said);
        return value;
      } catch (error) {
        signal.throwIfAborted();
        outcomes.set(name, false);
        line('FAIL', name, seconds(startedMs), (error as Error).message);
        return null;
      }
    },
    close: (due) => {
      const failed = [...outcomes.values()].filter((isGood) => !isGood).length;
      const untried = due.filter((name) => !outcomes.has(name));
      const not = untried.length === 0 ? '' : ` Not tried: ${untried.join(', ')}.`;
      const isGood = failed === 0 && untried.length === 0;
      const verdict = isGood ? `All ${outcomes.size} checks are good` : `${failed} of ${outcomes.size} checks failed`;
      for (const each of wrapped(`${verdict}, in ${seconds(beganMs)}.${not}`, columns)) say(each);
      return isGood;
    },
  };
}
