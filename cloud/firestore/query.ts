import type { Firestore, Query } from '@google-cloud/firestore';
import { BELOW_A_JOB } from '../../domain/collections.ts';
import type { QueryOptions } from '../../domain/query.ts';
import { checkCursor, type Asked } from '../../domain/shapes.ts';

/** The documents of a shape's collection with the values asked for, in no order. */
function matching(firestore: Firestore, { shape, values }: Asked): Query {
  const { collection, contains } = shape;
  const all: Query = BELOW_A_JOB.has(collection)
    ? firestore.collectionGroup(collection)
    : firestore.collection(collection);
  return values.reduce(
    (query, [field, value]) => query.where(field, field === contains ? 'array-contains' : '==', value),
    all,
  );
}

/**
 * A shape's query, in its order, ties by path. Null sorts below all else in Firestore, and a document whose ordered field is
 * null has no place in a shape: ascending it begins behind null, descending it ends before.
 */
export async function queryOf(
  firestore: Firestore,
  asked: Asked,
  { after, until }: Pick<QueryOptions, 'after' | 'until'> = {},
): Promise<Query> {
  const { FieldPath } = await import('@google-cloud/firestore');
  const { order, direction } = asked.shape;
  const ordered = matching(firestore, asked).orderBy(order, direction).orderBy(FieldPath.documentId(), direction);
  const ended = direction === 'desc' ? ordered.endBefore(null) : ordered;
  const bounded = until === undefined ? ended : ordered.endAt(until);
  if (after === undefined) return direction === 'asc' ? bounded.startAfter(null) : bounded;
  const [sort, path] = checkCursor(after);
  return bounded.startAfter(sort, firestore.doc(path));
}

/** The same with these fields of each document only, and with the one that it is ordered by, which its cursor is made of. */
export async function selected(query: Query, { shape }: Asked, fields: readonly string[]): Promise<Query> {
  const { FieldPath } = await import('@google-cloud/firestore');
  return query.select(...[...new Set([...fields, shape.order])].map((field) => new FieldPath(field)));
}
