import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { firestoreIndexes } from '../../cloud/indexes.ts';
import { CLIENT_SHAPES, SHAPES, type Shape } from '../../domain/shapes.ts';

const { indexes, fieldOverrides } = firestoreIndexes();
const shapes: [string, Shape][] = Object.entries({ ...SHAPES, ...CLIENT_SHAPES });

test.each(shapes)(
  'shape %s has exactly the index that answers it',
  (_, { collection, equal, contains, order, direction }) => {
    const by = direction === 'asc' ? 'ASCENDING' : 'DESCENDING';
    const fits = indexes.filter(({ collectionGroup, fields }) => {
      const names = fields.map((field) => field.fieldPath);
      const wanted = [...(contains === null ? [] : [contains]), ...equal, order, '__name__'];
      return collectionGroup === collection && names.join() === wanted.join() && 'order' in (fields.at(-1) ?? {});
    });
    expect(fits).toHaveLength(1);
    const fields = fits[0]?.fields ?? [];
    expect(fields.slice(-2)).toEqual([
      { fieldPath: order, order: by },
      { fieldPath: '__name__', order: by },
    ]);
    if (contains !== null) expect(fields[0]).toEqual({ fieldPath: contains, arrayConfig: 'CONTAINS' });
    // What lies below jobs is asked over all of them.
    expect(fits[0]?.queryScope).toBe(['events', 'logs'].includes(collection) ? 'COLLECTION_GROUP' : 'COLLECTION');
  },
);

test('there is no index that no shape asks for', () => {
  const asked = shapes.map(([, { collection, equal, contains, order }]) =>
    [collection, ...(contains === null ? [] : [contains]), ...equal, order, '__name__'].join(),
  );
  const made = indexes.map(({ collectionGroup, fields }) =>
    [collectionGroup, ...fields.map(({ fieldPath }) => fieldPath)].join(),
  );
  expect(made.filter((index) => !asked.includes(index))).toEqual([]);
});

test('no field is indexed by itself but tenant, where clients listen', () => {
  const kept = fieldOverrides.filter((override) => override.indexes.length > 0);
  expect(kept.map(({ collectionGroup, fieldPath }) => `${collectionGroup}.${fieldPath}`).sort()).toEqual([
    'batches.tenant',
    'events.tenant',
    'jobs.tenant',
  ]);
  const rules = readFileSync(join(import.meta.dirname, '../../firestore.rules'), 'utf8');
  for (const { collectionGroup } of kept) expect(rules).toContain(`/${collectionGroup}/{`);
});
