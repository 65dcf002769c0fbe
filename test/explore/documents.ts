import type { CollectionName } from '../../domain/collections.ts';
import type { Cursor, Snapshot, Write } from '../../domain/ports.ts';
import { SHAPES, type Scalar, type Shape, type ShapeName } from '../../domain/shapes.ts';

type Fields = Readonly<Record<string, unknown>>;

/** One version of a document; two equal ones are the same object, so `id` stands for all of it. */
export interface Doc {
  readonly id: number;
  readonly path: string;
  readonly collection: CollectionName;
  readonly data: Fields;
  /** How often the document was written: its etag. */
  readonly rev: number;
  readonly updatedAtMs: number;
}

/** Everything stored, in the order of the paths; never changed, only replaced. */
export type Docs = readonly Doc[];

export interface Change {
  readonly before: Doc | null;
  readonly after: Doc | null;
  readonly path: string;
}

const known = new Map<string, Doc>();

function docOf(path: string, collection: CollectionName, data: Fields, rev: number, updatedAtMs: number): Doc {
  const key = `${path} ${rev} ${updatedAtMs} ${JSON.stringify(data)}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const doc: Doc = { id: known.size, path, collection, data: deepFreeze(data), rev, updatedAtMs };
  known.set(key, doc);
  return doc;
}

/** What was read or written must not be changed behind the store's back: an attempt throws. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

export const find = (docs: Docs, path: string): Doc | null => docs.find((doc) => doc.path === path) ?? null;

export const snapshotOf = (doc: Doc, readAtMs: number): Snapshot<unknown> => ({
  path: doc.path,
  data: doc.data,
  etag: String(doc.rev),
  updatedAtMs: doc.updatedAtMs,
  readAtMs,
});

export type Committed =
  | { readonly kind: 'done'; readonly docs: Docs; readonly changes: readonly Change[] }
  | { readonly kind: 'refused'; readonly path: string; readonly found: 'exists' | 'missing' | 'changed' };

/** All writes or none, by the rules of `Store.commit`. */
export function commit(docs: Docs, writes: readonly Write[], nowMs: number): Committed {
  const changes: Change[] = [];
  for (const write of writes) {
    const { path, collection } = write.ref;
    if (changes.some((change) => change.path === path)) throw new TypeError(`${path} is written twice in one commit`);
    const before = find(docs, path);
    if (write.kind === 'create') {
      if (before !== null) return { kind: 'refused', path, found: 'exists' };
      changes.push({ path, before, after: docOf(path, collection, plain(write.data), 1, nowMs) });
    } else if (write.kind === 'update') {
      if (before === null) return { kind: 'refused', path, found: 'missing' };
      if (String(before.rev) !== write.etag) return { kind: 'refused', path, found: 'changed' };
      const data = { ...before.data, ...plain(write.patch) };
      changes.push({ path, before, after: docOf(path, collection, data, before.rev + 1, nowMs) });
    } else {
      changes.push({ path, before, after: null });
    }
  }
  const touched = new Set(changes.map((change) => change.path));
  const next = docs.filter((doc) => !touched.has(doc.path));
  for (const { after } of changes) if (after !== null) next.push(after);
  return { kind: 'done', docs: next.sort((a, b) => compare(a.path, b.path)), changes };
}

/** A store gives back what JSON holds, in objects of its own. */
const plain = (data: object): Fields => JSON.parse(JSON.stringify(data)) as Fields;

const compare = (a: Scalar, b: Scalar): number => (a === b ? 0 : a < b ? -1 : 1);

const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

function matches(docs: Docs, shape: Shape, where: Readonly<Record<string, Scalar>>): Doc[] {
  const fields = shape.contains === null ? shape.equal : [...shape.equal, shape.contains];
  for (const field of [...fields, ...Object.keys(where)]) {
    if (!fields.includes(field) || !isScalar(where[field])) throw new TypeError(`no such query by ${field}`);
  }
  return docs.filter(
    ({ collection, data }) =>
      collection === shape.collection &&
      isScalar(data[shape.order]) &&
      shape.equal.every((field) => data[field] === where[field]) &&
      (shape.contains === null || (data[shape.contains] as unknown[]).includes(where[shape.contains])),
  );
}

const shapeNamed = (name: ShapeName): Shape => {
  if (!Object.hasOwn(SHAPES, name)) throw new TypeError(`no shape ${name}: declare it in domain/shapes.ts`);
  return SHAPES[name];
};

/** A page of documents, in the shape's order, ties by path. */
export function query(
  docs: Docs,
  name: ShapeName,
  where: Readonly<Record<string, Scalar>>,
  options: { readonly limit: number; readonly after?: Cursor },
): { readonly items: readonly Doc[]; readonly next: Cursor | null } {
  const shape = shapeNamed(name);
  const sign = shape.direction === 'asc' ? 1 : -1;
  const place = (doc: Doc): Cursor => [doc.data[shape.order] as Scalar, doc.path];
  const order = (a: Cursor, b: Cursor): number => sign * (compare(a[0], b[0]) || compare(a[1], b[1]));
  const { after, limit } = options;
  const rest = matches(docs, shape, where)
    .filter((doc) => after === undefined || order(place(doc), after) > 0)
    .sort((a, b) => order(place(a), place(b)));
  const items = rest.slice(0, limit);
  const end = items.at(-1);
  return { items, next: rest.length > limit && end !== undefined ? place(end) : null };
}

export const count = (docs: Docs, name: ShapeName, where: Readonly<Record<string, Scalar>>, limit: number): number =>
  Math.min(limit, matches(docs, shapeNamed(name), where).length);
