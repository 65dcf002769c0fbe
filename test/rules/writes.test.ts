import { assertFails } from '@firebase/rules-unit-testing';
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import {
  addDoc,
  collection,
  deleteDoc,
  doc,
  runTransaction,
  setDoc,
  updateDoc,
  writeBatch,
  type Firestore,
} from 'firebase/firestore';
import { describeOnEmulators } from '../emulators/here.ts';
import { CLOSED } from './asks.ts';
import { CLAIMS, openWorld, type Asker, type World } from './world.ts';

const PATHS = ['jobs/acme-job', 'jobs/acme-job/events/1', 'batches/acme-batch', ...CLOSED];
const DATA = { tenant: 'acme', state: 'queued' };

const WRITES: readonly (readonly [what: string, write: (db: Firestore, path: string) => Promise<unknown>])[] = [
  ['create a document', (db, path) => addDoc(collection(db, path.slice(0, path.lastIndexOf('/'))), DATA)],
  ['create one below it', (db, path) => setDoc(doc(db, `${path}/events/1000`), DATA)],
  ['overwrite it', (db, path) => setDoc(doc(db, path), DATA)],
  ['merge into it', (db, path) => setDoc(doc(db, path), DATA, { merge: true })],
  ['update it', (db, path) => updateDoc(doc(db, path), { state: 'canceled' })],
  ['write to it what is there', (db, path) => updateDoc(doc(db, path), { tenant: 'acme' })],
  ['delete it', (db, path) => deleteDoc(doc(db, path))],
  ['write to it in a batch', (db, path) => writeBatch(db).update(doc(db, path), DATA).commit()],
  [
    'write to it in a transaction',
    (db, path) => runTransaction(db, async (transaction) => void transaction.set(doc(db, path), DATA)),
  ],
];

describeOnEmulators('firestore.rules, for writes', ({ firestore }) => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(firestore);
  });
  afterAll(() => world.close());

  describe.each(Object.keys(CLAIMS) as Asker[])('%s', (asker) => {
    let db: Firestore;
    beforeAll(() => {
      db = world.as(asker);
    });

    test.each(WRITES)('may not %s, in any collection', async (_, write) => {
      await Promise.all(PATHS.map((path) => assertFails(write(db, path))));
    });
  });
});
