import type { CollectionName } from './collections.ts';
import type { Write } from './ports.ts';
import { SHAPES, type Shape } from './shapes.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * What every engine refuses before it writes anything.
 * @throws TypeError if a value is one that a document cannot hold or a query could not be ordered by, a path does not fit its
 *   collection, or a document is written twice
 */
export function checkWrites(writes: readonly Write[]): void {
  const paths = new Set<string>();
  for (const write of writes) {
    const { path, collection } = write.ref;
    const segments = path.split('/');
    if (segments.length % 2 !== 0 || segments.at(-2) !== collection || segments.includes('')) {
      throw new TypeError(`${path} is no path of a document in ${collection}`);
    }
    if (paths.has(path)) throw new TypeError(`${path} is written twice in one commit`);
    paths.add(path);
    if (write.kind === 'delete') continue;
    const fields = (write.kind === 'create' ? write.data : write.patch) as Fields;
    checkStorable(fields, path);
    checkOrdered(fields, collection, path);
  }
}

const ordered = new Map<CollectionName, Set<string>>();
for (const { collection, order } of Object.values<Shape>(SHAPES)) {
  ordered.set(collection, (ordered.get(collection) ?? new Set()).add(order));
}

/** A document without the field is in no result of that order; one with a value that has no place in it would be a mistake. */
function checkOrdered(fields: Fields, collection: CollectionName, path: string): void {
  for (const field of ordered.get(collection) ?? []) {
    const value = fields[field] ?? null;
    if (value === null || typeof value === 'string' || typeof value === 'number') continue;
    throw new TypeError(`${path}: ${field} orders a query and must be a string or a number`);
  }
}

/** Refuses what JSON would drop or change in silence: undefined, NaN, infinities, functions, dates, bytes, maps. */
function checkStorable(value: unknown, at: string): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (Array.isArray(value)) return value.forEach((item, index) => checkStorable(item, `${at}/${index}`));
  if (typeof value === 'object' && Object.prototype.toString.call(value) === '[object Object]') {
    for (const key of Object.keys(value)) checkStorable((value as Fields)[key], `${at}/${key}`);
    return;
  }
  throw new TypeError(`${at} cannot be stored: it is ${typeof value === 'number' ? value : kindOf(value)}`);
}

const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);
