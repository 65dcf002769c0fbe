import type { CollectionName } from '../domain/collections.ts';
import { askedOf, isScalar, SHAPES, type Shape, type ShapeName } from '../domain/shapes.ts';

/** A row of the index: the document at `path` answers `shape` for the values in `key`, at `sort` in its order. */
export interface Entry {
  readonly shape: ShapeName;
  readonly key: string;
  readonly sort: string | number;
}

const shapesOf = new Map<CollectionName, [ShapeName, Shape][]>();
for (const [name, shape] of Object.entries(SHAPES) as [ShapeName, Shape][]) {
  shapesOf.set(shape.collection, [...(shapesOf.get(shape.collection) ?? []), [name, shape]]);
}

/** What identifies an entry among those of one document; also what a watch of a shape listens to, without `sort`. */
export const entryKey = (entry: Pick<Entry, 'shape' | 'key'>): string => `${entry.shape} ${entry.key}`;

/** Rises where `entriesOf` makes other entries of the same shapes: those in a file are then made anew. */
export const ENTRIES_VERSION = 1;

/**
 * Every entry of a document: one for each shape of its collection, one for each distinct element where the shape has `contains`.
 * A document in which an equality or the ordered field is missing or null has none there.
 */
export function entriesOf(collection: CollectionName, data: Readonly<Record<string, unknown>>): Entry[] {
  const entries: Entry[] = [];
  for (const [name, shape] of shapesOf.get(collection) ?? []) {
    const sort = data[shape.order];
    if (typeof sort !== 'string' && typeof sort !== 'number') continue;
    const equal = shape.equal.map((field) => data[field]);
    if (!equal.every(isScalar)) continue;
    if (shape.contains === null) {
      entries.push({ shape: name, key: JSON.stringify(equal), sort });
      continue;
    }
    const elements = data[shape.contains];
    if (!Array.isArray(elements)) continue;
    for (const element of new Set<unknown>(elements)) {
      if (isScalar(element)) entries.push({ shape: name, key: JSON.stringify([...equal, element]), sort });
    }
  }
  return entries;
}

/** The shape of a query and the key of its entries. @throws TypeError as `askedOf` */
export function keyOf(name: ShapeName, where: Readonly<Record<string, unknown>>): { shape: Shape; key: string } {
  const { shape, values } = askedOf(name, where);
  return { shape, key: JSON.stringify(values.map(([, value]) => value)) };
}

/** What is asked of a page besides its shape and its length. */
export interface PageForm {
  readonly direction: Shape['direction'];
  readonly from: 'start' | 'cursor';
  readonly isBounded: boolean;
  /** As `checkFields` gave them. Each is a column `f0`, `f1`, … of JSON text: a document may be far larger than what is asked of it. */
  readonly fields: readonly string[] | null;
}

/** A page of a shape: parameters shape, key, the cursor's two where it has one, its last value where it has one, how many. */
export function pageSql({ direction, from, isBounded, fields }: PageForm): string {
  const [compare, order] = direction === 'asc' ? ['>', 'ASC'] : ['<', 'DESC'];
  const data = fields === null ? 'd.data' : fields.map((field, n) => `d.data -> '$.${field}' AS f${n}`).join(', ');
  const after = from === 'start' ? '' : `AND (e.sort, e.path) ${compare} (?, ?)`;
  const until = isBounded ? `AND e.sort ${direction === 'asc' ? '<=' : '>='} ?` : '';
  return `SELECT d.path, ${data}, d.etag, d.updated_at, e.sort FROM entries e CROSS JOIN documents d ON d.path = e.path
    WHERE e.shape = ? AND e.key = ? ${after} ${until}
    ORDER BY e.sort ${order}, e.path ${order} LIMIT ?`;
}

/** The document in a row of a page. */
export function documentIn(row: Readonly<Record<string, unknown>>, fields: PageForm['fields']): unknown {
  if (fields === null) return JSON.parse(row['data'] as string);
  const data: Record<string, unknown> = {};
  for (const [n, field] of fields.entries()) {
    const text = row[`f${n}`];
    if (text !== null) data[field] = JSON.parse(text as string);
  }
  return data;
}
