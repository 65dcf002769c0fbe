import type { Collections } from './collections.ts';

/**
 * A query that may be asked. Both engines answer these and throw on any other, and Terraform's indexes are made from this
 * table, since an emulator would answer without an index and no test would notice. `contains` is a field that holds an array, queried by one element.
 */
export interface Shape {
  readonly collection: keyof Collections;
  readonly equal: readonly string[];
  readonly contains: string | null;
  readonly order: string;
  readonly direction: 'asc' | 'desc';
}

export const SHAPES = {
  claimable: { collection: 'jobs', equal: ['state'], contains: 'queues', order: 'rank', direction: 'asc' },
  backlog: { collection: 'jobs', equal: ['state', 'home'], contains: null, order: 'queuedAtMs', direction: 'asc' },
  blockedDue: { collection: 'jobs', equal: ['state'], contains: null, order: 'untilMs', direction: 'asc' },
  startDue: { collection: 'jobs', equal: ['state'], contains: null, order: 'startByMs', direction: 'asc' },
  heldJobs: { collection: 'jobs', equal: ['state'], contains: null, order: 'startedAtMs', direction: 'asc' },
  jobsByTenant: { collection: 'jobs', equal: ['tenant'], contains: null, order: 'createdAtMs', direction: 'desc' },
  jobsByTenantState: {
    collection: 'jobs',
    equal: ['tenant', 'state'],
    contains: null,
    order: 'createdAtMs',
    direction: 'desc',
  },
  jobsByTenantModel: {
    collection: 'jobs',
    equal: ['tenant', 'model'],
    contains: null,
    order: 'createdAtMs',
    direction: 'desc',
  },
  jobsByTenantModelState: {
    collection: 'jobs',
    equal: ['tenant', 'model', 'state'],
    contains: null,
    order: 'createdAtMs',
    direction: 'desc',
  },
  jobsByTenantPool: {
    collection: 'jobs',
    equal: ['tenant', 'pool'],
    contains: null,
    order: 'createdAtMs',
    direction: 'desc',
  },
  jobsByTenantPoolState: {
    collection: 'jobs',
    equal: ['tenant', 'pool', 'state'],
    contains: null,
    order: 'createdAtMs',
    direction: 'desc',
  },
  jobsByTenantLabel: {
    collection: 'jobs',
    equal: ['tenant'],
    contains: 'labels',
    order: 'createdAtMs',
    direction: 'desc',
  },
  jobsByTenantLabelState: {
    collection: 'jobs',
    equal: ['tenant', 'state'],
    contains: 'labels',
    order: 'createdAtMs',
    direction: 'desc',
  },
  limitedInState: {
    collection: 'jobs',
    equal: ['tenant', 'limited', 'state'],
    contains: null,
    order: 'rank',
    direction: 'asc',
  },
  limitedWaiting: {
    collection: 'jobs',
    equal: ['tenant', 'limited', 'reason'],
    contains: null,
    order: 'rank',
    direction: 'asc',
  },
  purgeDue: { collection: 'jobs', equal: ['schema'], contains: null, order: 'purgeAtMs', direction: 'asc' },
  openEvents: { collection: 'events', equal: ['open'], contains: null, order: 'atMs', direction: 'asc' },
  eventsOfJob: { collection: 'events', equal: ['jobId'], contains: null, order: 'seq', direction: 'asc' },
  logsOfJob: { collection: 'logs', equal: ['jobId', 'attempt'], contains: null, order: 'seq', direction: 'asc' },
  children: { collection: 'edges', equal: ['parent'], contains: null, order: 'child', direction: 'asc' },
  parents: { collection: 'edges', equal: ['child'], contains: null, order: 'parent', direction: 'asc' },
  slotsOfQueue: { collection: 'slots', equal: ['queue'], contains: null, order: 'index', direction: 'asc' },
  slotsInState: { collection: 'slots', equal: ['state'], contains: null, order: 'queue', direction: 'asc' },
  deliveriesDue: { collection: 'deliveries', equal: ['state'], contains: null, order: 'nextAtMs', direction: 'asc' },
  deliveriesOfJob: { collection: 'deliveries', equal: ['jobId'], contains: null, order: 'seq', direction: 'asc' },
  allTenants: { collection: 'tenants', equal: ['schema'], contains: null, order: 'id', direction: 'asc' },
  tenantsOfAccount: { collection: 'tenants', equal: [], contains: 'accounts', order: 'id', direction: 'asc' },
  placesOfTenant: { collection: 'tenant_slots', equal: ['tenant'], contains: null, order: 'index', direction: 'asc' },
  rejectionsDue: { collection: 'rejections', equal: ['schema'], contains: null, order: 'atMs', direction: 'asc' },
  rejectionsOfTenant: {
    collection: 'rejections',
    equal: ['tenant'],
    contains: null,
    order: 'atMs',
    direction: 'desc',
  },
  keysOfTenant: { collection: 'keys', equal: ['tenant'], contains: null, order: 'createdAtMs', direction: 'asc' },
  filesByEnd: { collection: 'files', equal: ['schema'], contains: null, order: 'expiresAtMs', direction: 'asc' },
} as const satisfies Record<string, Shape>;

/**
 * What a tenant's clients may ask beyond that, by listeners under firestore.rules: no function asks it, so that the embedded
 * engine keeps no index for it, but Firestore needs one.
 */
export const CLIENT_SHAPES = {
  eventsByTenant: { collection: 'events', equal: ['tenant'], contains: null, order: 'atMs', direction: 'desc' },
} as const satisfies Record<string, Shape>;

export type ShapeName = keyof typeof SHAPES;
export type Scalar = string | number | boolean;

type Definition<S extends ShapeName> = (typeof SHAPES)[S];
type Contains<S extends ShapeName> = Definition<S>['contains'] extends infer F extends string ? F : never;

/** The values a query of shape `S` must give: one for each equality, and the element for `contains`. */
export type Where<S extends ShapeName> = Readonly<Record<Definition<S>['equal'][number] | Contains<S>, Scalar>>;

export type CollectionOf<S extends ShapeName> = Definition<S>['collection'];

/** A query as it was asked: its shape, and the value of each field of it, `contains` last. */
export interface Asked {
  readonly shape: Shape;
  readonly values: readonly (readonly [field: string, value: Scalar])[];
}

export const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/**
 * The shape of this name with the values that a query gives it.
 * @throws TypeError if there is no such shape, or `where` does not give exactly its fields
 */
export function askedOf(name: ShapeName, where: Readonly<Record<string, unknown>>): Asked {
  if (!Object.hasOwn(SHAPES, name)) throw new TypeError(`no shape ${name}: declare it in domain/shapes.ts`);
  const shape: Shape = SHAPES[name];
  const fields = shape.contains === null ? shape.equal : [...shape.equal, shape.contains];
  const unknown = Object.keys(where).find((field) => !fields.includes(field));
  if (unknown !== undefined) {
    throw new TypeError(`shape ${name} has no field ${unknown}: it has ${fields.join(', ')}`);
  }
  const values = fields.map((field): readonly [string, Scalar] => {
    const value = where[field];
    if (!isScalar(value) || Number.isNaN(value)) {
      throw new TypeError(`shape ${name} needs a string, number or boolean for ${field}`);
    }
    return [field, value];
  });
  return { shape, values };
}

/** @throws RangeError unless the limit of a query or count is a whole number from 1 */
export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`limit must be a whole number from 1, not ${limit}`);
}

/** @throws TypeError if the cursor is none that a page of a store gave */
export function checkCursor(cursor: readonly [Scalar, string]): readonly [string | number, string] {
  const [sort, path] = cursor;
  if ((typeof sort !== 'string' && typeof sort !== 'number') || typeof path !== 'string') {
    throw new TypeError('a cursor is a string or number, and the path of a document');
  }
  return [sort, path];
}
