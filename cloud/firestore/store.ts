import type { DocumentReference, DocumentSnapshot, Query, Timestamp } from '@google-cloud/firestore';
import type { CollectionName } from '../../domain/collections.ts';
import type { Clock, Log, Random, Snapshot, Store } from '../../domain/ports.ts';
import { askedOf, checkFields, checkLimit } from '../../domain/shapes.ts';
import { asking } from '../asking.ts';
import { CALL_MS } from '../deadline.ts';
import { lazyFirestore, type FirestoreOptions } from './client.ts';
import { commitPrepared, etagOf, prepare } from './commit.ts';
import { queryOf, selected } from './query.ts';
import { decodeFields } from './values.ts';
import { listen } from './watch.ts';

export interface FirestoreStore extends Store {
  /** Stops every watch and ends the client. Idempotent. */
  close(): Promise<void>;
}

type Stored = Pick<DocumentSnapshot, 'data' | 'createTime' | 'updateTime'> & {
  readonly ref: { readonly path: string };
};

/**
 * The store on Firestore: commits by WriteBatch with a precondition on each document, never a transaction, which would lock
 * what it reads. Times are Firestore's own.
 */
export function firestoreStore(
  options: FirestoreOptions & {
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Log;
    /** How long a call may take; half as long again for a commit that has to be looked for. */
    readonly callMs?: number;
  },
): FirestoreStore {
  const { clock, random, callMs = CALL_MS.store } = options;
  const pending = new Set<Promise<unknown>>();
  const deadline = { clock, callMs, pending };
  const firestore = lazyFirestore(options);

  const reading = <T>(call: Promise<T>): Promise<T> => asking(deadline, 'the store', () => call);

  const watches = new Set<() => void>();
  const watched = (target: Parameters<Store['watch']>[0]): (() => Promise<DocumentReference | Query>) => {
    if ('path' in target) return async () => (await firestore.get()).doc(target.path);
    const asked = askedOf(target.shape, target.where);
    const { limit } = target;
    return async () => {
      const all = await queryOf(await firestore.get(), asked);
      return limit === undefined ? all : all.limit(limit);
    };
  };

  return {
    async get(ref) {
      const client = await firestore.get();
      const document = await reading(client.doc(ref.path).get());
      return document.exists ? snapshot(ref.collection, document, document.readTime, null) : null;
    },

    async commit(writes) {
      const prepared = prepare(writes, random);
      if (prepared.writes.length > 0) await commitPrepared(await firestore.get(), deadline, prepared);
    },

    async query(name, where, { limit, after, until, fields: named }) {
      const asked = askedOf(name, where);
      checkLimit(limit);
      const fields = checkFields(named);
      const bounds = { ...(after === undefined ? {} : { after }), ...(until === undefined ? {} : { until }) };
      const whole = await queryOf(await firestore.get(), asked, bounds);
      const query = fields === null ? whole : await selected(whole, asked, fields);
      // One more than asked for tells whether there is a next page.
      const { docs, readTime } = await reading(query.limit(limit + 1).get());
      const items = docs
        .slice(0, limit)
        .map((document) => snapshot<never>(asked.shape.collection, document, readTime, fields));
      const end = docs[limit - 1];
      return {
        items,
        next:
          docs.length > limit && end !== undefined
            ? [end.get(asked.shape.order) as string | number, end.ref.path]
            : null,
        readAtMs: readTime.toMillis(),
      };
    },

    async count(name, where, limit) {
      const asked = askedOf(name, where);
      checkLimit(limit);
      const query = await queryOf(await firestore.get(), asked);
      return (await reading(query.limit(limit).count().get())).data().count;
    },

    watch(target, onChange) {
      const stop = listen(options, watched(target), onChange);
      watches.add(stop);
      return () => {
        watches.delete(stop);
        stop();
      };
    },

    async close() {
      for (const stop of watches) stop();
      watches.clear();
      await firestore.close(pending);
    },
  };
}

/** @param fields those that were asked for; null for all */
function snapshot<T>(
  collection: CollectionName,
  document: Stored,
  readTime: Timestamp,
  fields: readonly string[] | null,
): Snapshot<T> {
  const { updateTime } = document;
  if (updateTime === undefined) throw new Error(`${document.ref.path} has no time of its last write`);
  const data = decodeFields(collection, document.data() ?? {});
  const asked = Object.entries(data).filter(([field]) => fields === null || fields.includes(field));
  return {
    path: document.ref.path,
    data: Object.fromEntries(asked) as T,
    etag: etagOf(updateTime),
    updatedAtMs: updateTime.toMillis(),
    readAtMs: readTime.toMillis(),
  };
}
