import { SECOND } from '../../domain/time.ts';
import type { Call } from './call.ts';
import type { Outcome } from './world.ts';

/** Calls that anyone will read: the first of a run, and the last before it failed. */
const HEAD = 150;
const TAIL = 150;

const inWords = (call: Call, startMs: number): string => {
  const { number, atMs, by, op, what, fault, answer } = call;
  const at = ((atMs - startMs) / SECOND).toFixed(1);
  const broken = fault === null ? '' : `   <== ${fault}`;
  return `#${number} +${at}s ${by}: ${op} ${what} -> ${answer === '' ? 'no answer' : answer}${broken}`;
};

/** Every call of a run, a line each. */
export function traceOf({ calls }: Outcome): string[] {
  const startMs = calls[0]?.atMs ?? 0;
  const lines = calls.map((call) => inWords(call, startMs));
  if (lines.length <= HEAD + TAIL) return lines;
  return [...lines.slice(0, HEAD), `... ${lines.length - HEAD - TAIL} calls ...`, ...lines.slice(-TAIL)];
}
