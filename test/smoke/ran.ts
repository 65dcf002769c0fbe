import { smoke, type Smoke } from '../../scripts/smoke/smoke.ts';
import type { TestStack } from '../stack/test-stack.ts';

/** Smoke in this process, with times of a test. @returns its lines by the check that they are of */
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
    times: { jobMs: 60_000, webhooksMs: 30_000, healthMs: 0 },
    ...more,
  });
  const of = (name: string): string => lines.find((line) => line.slice(6).startsWith(`${name} `)) ?? '';
  return { isGood, of, last: lines.at(-1) ?? '' };
}
