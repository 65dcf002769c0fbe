import type { Cursor } from '../../domain/ports.ts';
import { parameterError } from '../http/parse.ts';

/** A place in a list, as clients carry it: they must not read anything into it. */
export const encodeCursor = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');

/** What a cursor of each list looks like. */
const LISTS = {
  jobs: { isSort: Number.isSafeInteger, path: /^jobs\/[a-z0-9]+$/ },
  rejections: { isSort: Number.isSafeInteger, path: /^rejections\/[0-9a-f]+$/ },
  tenants: { isSort: (at: unknown) => typeof at === 'string', path: /^tenants\/[a-z0-9-]+$/ },
};

/** @throws RequestError invalid_request for what no answer of ours has given out */
export function decodeCursor(text: string, list: keyof typeof LISTS): Cursor {
  const { isSort, path: isPath } = LISTS[list];
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    value = null;
  }
  const [at, path] = Array.isArray(value) && value.length === 2 ? (value as unknown[]) : [];
  if (!isSort(at) || typeof path !== 'string' || !isPath.test(path)) {
    throw parameterError('cursor', 'is not one that a list gave as "next"');
  }
  return [at as string | number, path];
}
