import { BELOW_A_JOB, type CollectionName } from '../domain/collections.ts';
import { CLIENT_SHAPES, SHAPES, type Shape } from '../domain/shapes.ts';

type Order = 'ASCENDING' | 'DESCENDING';
type Scope = 'COLLECTION' | 'COLLECTION_GROUP';

export type IndexField =
  | { readonly fieldPath: string; readonly order: Order }
  | { readonly fieldPath: string; readonly arrayConfig: 'CONTAINS' };

/** A composite index, and what is indexed of single fields, in the words of the Firebase command line. */
export interface FirestoreIndexes {
  readonly indexes: readonly {
    readonly collectionGroup: string;
    readonly queryScope: Scope;
    readonly fields: readonly IndexField[];
  }[];
  readonly fieldOverrides: readonly {
    readonly collectionGroup: string;
    readonly fieldPath: string;
    readonly indexes: readonly { readonly order: Order; readonly queryScope: Scope }[];
  }[];
}

/** What a tenant's clients may ask for without an order. */
const OPEN_TO_CLIENTS = ['jobs', 'events', 'batches'] as const;

/**
 * Every index that this database needs and no other, from the shapes that may be asked. No single field is indexed, since
 * each would make every write dearer and slower, and an ordered time of its own would bound a collection to 500 writes a
 * second; but `tenant` is, where clients listen.
 */
export function firestoreIndexes(): FirestoreIndexes {
  const shapes: readonly Shape[] = [...Object.values(SHAPES), ...Object.values(CLIENT_SHAPES)];
  const indexes = new Map(shapes.map(indexOf).map((index) => [JSON.stringify(index), index]));
  const collections = new Set<string>([...shapes.map(({ collection }) => collection), ...KEPT]);
  return {
    indexes: [...indexes.values()],
    fieldOverrides: [...collections].flatMap((collectionGroup) => [
      { collectionGroup, fieldPath: '*', indexes: [] },
      ...(OPEN_TO_CLIENTS.some((open) => open === collectionGroup)
        ? [{ collectionGroup, fieldPath: 'tenant', indexes: tenantScopes(collectionGroup) }]
        : []),
    ]),
  };
}

/** Collections that nobody queries. */
const KEPT: readonly (CollectionName | 'batches')[] = ['jobs_private', 'batches'];

const scopeOf = (collection: string): Scope =>
  BELOW_A_JOB.has(collection as CollectionName) ? 'COLLECTION_GROUP' : 'COLLECTION';

function indexOf({ collection, equal, contains, order, direction }: Shape): FirestoreIndexes['indexes'][number] {
  const by: Order = direction === 'asc' ? 'ASCENDING' : 'DESCENDING';
  return {
    collectionGroup: collection,
    queryScope: scopeOf(collection),
    fields: [
      ...(contains === null ? [] : [{ fieldPath: contains, arrayConfig: 'CONTAINS' as const }]),
      ...equal.map((fieldPath) => ({ fieldPath, order: 'ASCENDING' as const })),
      { fieldPath: order, order: by },
      // Said outright, or each apply would find it missing and make the index anew.
      { fieldPath: '__name__', order: by },
    ],
  };
}

/** A client listens below one job as well as over all of a tenant's. */
function tenantScopes(collection: string): { readonly order: Order; readonly queryScope: Scope }[] {
  const scopes: Scope[] = scopeOf(collection) === 'COLLECTION' ? ['COLLECTION'] : ['COLLECTION', 'COLLECTION_GROUP'];
  return scopes.map((queryScope) => ({ order: 'ASCENDING', queryScope }));
}
