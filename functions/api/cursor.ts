import type { Cursor } from '../../domain/ports.ts';
import { parameterError } from '../http/parse.ts';

/** A place in a list of jobs, as clients carry it: they must not read anything into it. */
export const encodeCursor = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');

/** @throws RequestError invalid_request for what no answer of ours has given out */
export function decodeCursor(text: string): Cursor {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    value = null;
  }
  const [at, path] = Array.isArray(value) && value.length === 2 ? (value as unknown[]) : [];
  if (
    typeof at !== 'number' ||
    !Number.isSafeInteger(at) ||
    typeof path !== 'string' ||
    !/^jobs\/[a-z0-9]+$/.test(path)
  ) {
    throw parameterError('cursor', 'is not one that a list gave as "next"');
  }
  return [at, path];
}
