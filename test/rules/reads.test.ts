import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { doc, getDocFromServer, type Firestore, type FirestoreError } from 'firebase/firestore';
import { describeOnEmulators } from '../emulators/here.ts';
import { ASKS } from './asks.ts';
import { CLAIMS, openWorld, type Asker, type World } from './world.ts';

describeOnEmulators('firestore.rules, for reads', ({ firestore }) => {
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

    test.each(ASKS.map((one) => [one.of === asker ? 'may' : 'may not', one.name, one] as const))(
      '%s %s',
      async (_, __, { of, ask }) => {
        await (of === asker ? assertSucceeds(ask(db)) : assertFails(ask(db)));
      },
    );
  });

  test('what is not there and what is another tenant’s are refused alike', async () => {
    const db = world.as('acme');
    const paths = [
      'jobs/other-job',
      'jobs/missing',
      'batches/other-batch',
      'batches/missing',
      'keys/k',
      'keys/missing',
    ];
    const refusals = await Promise.all(
      paths.map((path) =>
        getDocFromServer(doc(db, path)).then(
          () => 'read',
          // Not the message: the emulator's names lines of the rules, and Firestore's own is always the same.
          ({ name, code }: FirestoreError) => `${name} ${code}`,
        ),
      ),
    );
    expect(new Set(refusals)).toEqual(new Set(['FirebaseError permission-denied']));
  });
});
