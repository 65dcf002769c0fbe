import { DEFAULT_SETTINGS } from '../../domain/settings.ts';
import type { SmokeClock } from '../../scripts/smoke/patience.ts';
import type { Sample } from '../../scripts/smoke/samples.ts';
import { smoke, type Smoke, type SmokeTimes } from '../../scripts/smoke/smoke.ts';
import type { TestStack } from '../stack/test-stack.ts';

/** Of a deployment that is there: nothing is borne that could pass. */
export const TIMES: SmokeTimes = {
  jobMs: 60_000,
  webhooksMs: 30_000,
  healthMs: 0,
  answersMs: 0,
  eventsMs: 0,
  staleMs: DEFAULT_SETTINGS.staleMs,
};

/** A model that computes nothing, for what is no matter of a result. */
export const NOOP: Sample = { model: 'noop', input: {}, fault: () => null, known: 'nothing' };

/** Looks again soon. */
export const QUICK_LOOKS: SmokeClock = {
  nowMs: () => Date.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms / 20);
    return () => clearTimeout(timer);
  },
};

/** Smoke in this process, with times of a test. @returns its lines, the last of each check by its name */
export async function ran(
  stack: TestStack,
  more: Partial<Smoke>,
): Promise<{ isGood: boolean; of: (name: string) => string; last: string }> {
  const lines: string[] = [];
  const isGood = await smoke({
    url: stack.url,
    key: stack.apiKey,
    inbox: null,
    say: (line) => lines.push(line),
    columns: 1_000,
    signal: new AbortController().signal,
    times: TIMES,
    clock: QUICK_LOOKS,
    ...more,
  });
  const of = (name: string): string => lines.findLast((line) => line.slice(6).startsWith(`${name} `)) ?? '';
  return { isGood, of, last: lines.at(-1) ?? '' };
}
