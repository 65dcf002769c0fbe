import {
  collection,
  collectionGroup,
  doc,
  getCountFromServer,
  getDocsFromServer,
  getDocFromServer,
  onSnapshot,
  orderBy,
  query,
  where,
  type DocumentReference,
  type DocumentSnapshot,
  type Firestore,
  type Query,
  type QueryConstraint,
  type QuerySnapshot,
} from 'firebase/firestore';
import { CLIENT_SHAPES, SHAPES, type Shape } from '../../domain/shapes.ts';

/** Two tenants; each has a job with an event, and a batch. */
export type Tenant = 'acme' | 'other';

/** One question of a client to Firestore. `of`: the tenant that may ask it, and nobody else; null for one that nobody may. */
export interface Ask {
  readonly name: string;
  readonly of: Tenant | null;
  readonly ask: (db: Firestore) => Promise<unknown>;
}

/** Collections of which no rule speaks, with a document in each. */
export const CLOSED = [
  'slots/s',
  'deliveries/d',
  'jobs_private/acme-job',
  'keys/k',
  'edges/a~b',
  'rejections/r',
  'endpoints/e',
  'tenants/acme',
  'queues/q',
  'capacity/c',
  'jobs/acme-job/logs/1-0',
  'jobs/acme-job/events/1/more/m',
  'batches/acme-batch/more/m',
] as const;

/** The first answer of Firestore's own to a listener: before it the SDK may show what it has from earlier questions. */
function heard(target: DocumentReference | Query): Promise<unknown> {
  const first = Promise.withResolvers<unknown>();
  const options = { includeMetadataChanges: true };
  const next = (snapshot: DocumentSnapshot | QuerySnapshot): void => {
    if (!snapshot.metadata.fromCache) first.resolve(snapshot);
  };
  const stop =
    target.type === 'document'
      ? onSnapshot(target, options, next, first.reject)
      : onSnapshot(target, options, next, first.reject);
  return first.promise.finally(stop);
}

const equal = (tenant: unknown): QueryConstraint => where('tenant', '==', tenant);

const shaped = ({ order, direction }: Shape): readonly QueryConstraint[] => [equal('acme'), orderBy(order, direction)];

const jobs = (db: Firestore, ...constraints: QueryConstraint[]): Query => query(collection(db, 'jobs'), ...constraints);
const events = (db: Firestore, ...constraints: QueryConstraint[]): Query =>
  query(collection(db, 'jobs/acme-job/events'), ...constraints);
const allEvents = (db: Firestore, ...constraints: QueryConstraint[]): Query =>
  query(collectionGroup(db, 'events'), ...constraints);

function document(path: string, of: Tenant | null): Ask[] {
  return [
    { name: `get ${path}`, of, ask: (db) => getDocFromServer(doc(db, path)) },
    { name: `listen to ${path}`, of, ask: (db) => heard(doc(db, path)) },
  ];
}

function documents(name: string, of: Tenant | null, what: (db: Firestore) => Query): Ask[] {
  return [
    { name: `list ${name}`, of, ask: (db) => getDocsFromServer(what(db)) },
    { name: `listen to ${name}`, of, ask: (db) => heard(what(db)) },
    { name: `count ${name}`, of, ask: (db) => getCountFromServer(what(db)) },
  ];
}

export const ASKS: readonly Ask[] = [
  ...document('jobs/acme-job', 'acme'),
  ...document('jobs/other-job', 'other'),
  ...document('jobs/acme-job/events/1', 'acme'),
  ...document('batches/acme-batch', 'acme'),
  ...document('batches/other-batch', 'other'),
  ...document('jobs/missing', null),
  ...document('jobs/acme-job/events/9', null),
  ...documents('jobs of acme', 'acme', (db) => jobs(db, equal('acme'))),
  ...documents('jobs of acme, newest first', 'acme', (db) => jobs(db, ...shaped(SHAPES.jobsByTenant))),
  ...documents('jobs of other', 'other', (db) => jobs(db, equal('other'))),
  ...documents('events of one job of acme', 'acme', (db) => events(db, equal('acme'))),
  ...documents('events of all jobs of acme', 'acme', (db) => allEvents(db, equal('acme'))),
  ...documents('events of all jobs of acme, newest first', 'acme', (db) =>
    allEvents(db, ...shaped(CLIENT_SHAPES.eventsByTenant)),
  ),
  ...documents('events of all jobs of other', 'other', (db) => allEvents(db, equal('other'))),
  ...documents('batches of acme', 'acme', (db) => query(collection(db, 'batches'), equal('acme'))),

  // Rules are no filters: also where all that would be found is the asker's own, the query must say so.
  ...documents('jobs', null, (db) => jobs(db)),
  ...documents('jobs with an id of acme', null, (db) => jobs(db, where('id', '==', 'acme-job'))),
  ...documents('jobs of both tenants', null, (db) => jobs(db, where('tenant', 'in', ['acme', 'other']))),
  ...documents('jobs of any other tenant than other', null, (db) => jobs(db, where('tenant', '<', 'other'))),
  ...documents('events of one job, whoever’s', null, (db) => events(db)),
  ...documents('events of all jobs', null, (db) => allEvents(db)),
  ...documents('batches', null, (db) => query(collection(db, 'batches'))),

  // What is left of a job that was purged is nobody's to see, its former tenant's neither.
  ...document('jobs/gone-job', null),
  ...documents('jobs of nobody', null, (db) => jobs(db, equal(''))),
  ...documents('what is gone of acme', null, (db) => jobs(db, where('tombstone.tenant', '==', 'acme'))),

  // A claim of another type than text equals nothing, not even a tenant of that type.
  ...document('jobs/odd-job', null),
  ...document('jobs/null-job', null),
  ...documents('jobs of tenant 7', null, (db) => jobs(db, equal(7))),

  ...CLOSED.flatMap((path) => {
    const parent = path.slice(0, path.lastIndexOf('/'));
    return [...document(path, null), ...documents(parent, null, (db) => query(collection(db, parent), equal('acme')))];
  }),
  ...documents('logs of all jobs of acme', null, (db) => query(collectionGroup(db, 'logs'), equal('acme'))),
];
