import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Key } from '../../../domain/contract/tenant.ts';
import type { Random } from '../../../domain/ports.ts';

/**
 * An API key is `slw_<id>_<secret><checksum>`: a prefix by which a scanner of leaked secrets knows it, an id that may be shown
 * and logged, 128 random bits, and the CRC-32 of all before it, so that a slip of the hand is told from a key that is not good
 * without asking the store.
 */
const KEY = /^(slw_([a-z0-9]{12})_[a-z0-9]{26})([a-z0-9]{7})$/;

const checksum = (text: string): string => crc32(text).toString(36).padStart(7, '0');

export interface NewKey {
  readonly id: string;
  readonly text: string;
}

export function newKey(random: Random): NewKey {
  const id = random.id().slice(0, 12);
  const body = `slw_${id}_${random.id()}`;
  return { id, text: body + checksum(body) };
}

/** Whether a text can be a key that was made here. */
export function isMadeKey(text: string): boolean {
  const [, body = '', , sum = ''] = KEY.exec(text) ?? [];
  return body !== '' && checksum(body) === sum;
}

/** Whether a text begins as a key that was made here does, and cannot be one. Of any other text, such as a key that a person chose, nothing is known. */
export const isMistyped = (text: string): boolean => /^slw_[a-z0-9]{12}_/i.test(text) && !isMadeKey(text);

/** What a key is stored under. */
export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

export const isLive = ({ endsAtMs = Infinity }: Key, nowMs: number): boolean => nowMs < endsAtMs;
