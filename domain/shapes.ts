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
  openEvents: { collection: 'events', equal: ['open'], contains: null, order: 'atMs', direction: 'asc' },
  eventsOfJob: { collection: 'events', equal: ['jobId'], contains: null, order: 'seq', direction: 'asc' },
  logsOfJob: { collection: 'logs', equal: ['jobId', 'attempt'], contains: null, order: 'seq', direction: 'asc' },
  children: { collection: 'edges', equal: ['parent'], contains: null, order: 'child', direction: 'asc' },
  parents: { collection: 'edges', equal: ['child'], contains: null, order: 'parent', direction: 'asc' },
  slotsOfQueue: { collection: 'slots', equal: ['queue'], contains: null, order: 'index', direction: 'asc' },
  slotsInState: { collection: 'slots', equal: ['state'], contains: null, order: 'queue', direction: 'asc' },
  deliveriesDue: { collection: 'deliveries', equal: ['state'], contains: null, order: 'nextAtMs', direction: 'asc' },
  deliveriesOfJob: { collection: 'deliveries', equal: ['jobId'], contains: null, order: 'seq', direction: 'asc' },
} as const satisfies Record<string, Shape>;

export type ShapeName = keyof typeof SHAPES;
export type Scalar = string | number | boolean;

type Definition<S extends ShapeName> = (typeof SHAPES)[S];
type Contains<S extends ShapeName> = Definition<S>['contains'] extends infer F extends string ? F : never;

/** The values a query of shape `S` must give: one for each equality, and the element for `contains`. */
export type Where<S extends ShapeName> = Readonly<Record<Definition<S>['equal'][number] | Contains<S>, Scalar>>;

export type CollectionOf<S extends ShapeName> = Definition<S>['collection'];
