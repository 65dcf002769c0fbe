import type { FirestoreIndexes, IndexField } from '../../cloud/indexes.ts';

/**
 * Firestore refuses changes of indexes that come close together (409): the provider repeats those, but not for ever. So the first
 * is made alone, since a new database makes itself ready with it, and then only so many at a time.
 */
const AT_ONCE = 4;

interface Step {
  readonly type: 'google_firestore_field' | 'google_firestore_index';
  readonly name: string;
  readonly body: object;
}

/**
 * The indexes as Terraform's own JSON, a resource each: `depends_on` makes them follow each other in a few lanes, which one resource
 * with `for_each` could not. Names say what is indexed, so that one more moves no other.
 */
export function terraformIndexes({ indexes, fieldOverrides }: FirestoreIndexes): object {
  const base = { project: '${var.project}', database: '${google_firestore_database.this.name}' };
  const fields = fieldOverrides.map(({ collectionGroup, fieldPath, indexes: singles }): Step => {
    const configs = singles.map(({ order, queryScope }) => ({ order, query_scope: queryScope }));
    return {
      type: 'google_firestore_field',
      name: `${collectionGroup}_${fieldPath === '*' ? 'all' : fieldPath}`,
      body: {
        ...base,
        collection: collectionGroup,
        field: fieldPath,
        // Without a single index in it: none is kept.
        index_config: [configs.length === 0 ? {} : { indexes: configs }],
      },
    };
  });
  const composites = indexes.map(({ collectionGroup, queryScope, fields: parts }): Step => ({
    type: 'google_firestore_index',
    name: [collectionGroup, ...parts.filter(({ fieldPath }) => fieldPath !== '__name__').map(partName)].join('_'),
    body: { ...base, collection: collectionGroup, query_scope: queryScope, fields: parts.map(terraformField) },
  }));
  return { resource: resourcesOf([...fields, ...composites]) };
}

function resourcesOf(steps: readonly Step[]): Record<string, Record<string, object>> {
  const resources: Record<string, Record<string, object>> = {};
  for (const [i, { type, name, body }] of steps.entries()) {
    const before = i === 0 ? undefined : steps[Math.max(0, i - AT_ONCE)];
    const after = before === undefined ? {} : { depends_on: [`${before.type}.${before.name}`] };
    const group = (resources[type] ??= {});
    if (name in group) throw new Error(`two indexes would be ${type}.${name}`);
    group[name] = { ...body, ...after };
  }
  return resources;
}

const partName = (field: IndexField): string =>
  'order' in field && field.order === 'DESCENDING' ? `${field.fieldPath}_desc` : field.fieldPath;

const terraformField = (field: IndexField): object =>
  'order' in field
    ? { field_path: field.fieldPath, order: field.order }
    : { field_path: field.fieldPath, array_config: field.arrayConfig };
