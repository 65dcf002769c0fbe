import type { Random } from '../../domain/ports.ts';

/** Uniform numbers in [0, 1) that follow from a seed: mulberry32, so that a failing seed is the same run on every machine. */
function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The port, without chance. */
export function seededRandom(seed: number): Random {
  const unit = numbersFrom(seed);
  const text = (length: number, digits: number): string =>
    Array.from({ length }, () => Math.floor(unit() * digits).toString(digits)).join('');
  return { id: () => text(26, 32), hex: (bytes) => text(2 * bytes, 16), unit };
}

/** A whole number from 0 to `below` - 1. */
export const below = ({ unit }: Pick<Random, 'unit'>, bound: number): number => Math.floor(unit() * bound);
