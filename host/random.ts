import { randomBytes } from 'node:crypto';
import type { Random } from '../domain/ports.ts';

/** Randomness from the operating system. */
export const systemRandom: Random = {
  id: () =>
    BigInt(`0x${randomBytes(16).toString('hex')}`)
      .toString(32)
      .padStart(26, '0'),
  hex: (bytes) => randomBytes(bytes).toString('hex'),
  unit: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
};
