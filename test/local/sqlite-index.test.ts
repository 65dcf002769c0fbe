import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { create, update } from '../../domain/ports.ts';
import { systemClock } from '../../host/clock.ts';
import { pageSql } from '../../local/sqlite-entries.ts';
import { openStore } from '../../local/sqlite.ts';
import { aSlot } from '../ports/documents.ts';
import { newFolder, removeFolders } from './folder.ts';

afterAll(removeFolders);

const newFile = (): string => join(newFolder(), 'slipway.db');

test('what a build with other shapes has written answers every shape of this one, and is written to as ever', async () => {
  const file = newFile();
  const store = openStore(file, { clock: systemClock });
  const [one, other] = [aSlot('q@here', 1), aSlot('q@here', 2)];
  await store.commit([create(one.ref, one.data), create(other.ref, other.data)]);
  store.close();
  const db = new DatabaseSync(file);
  db.exec("DELETE FROM entries WHERE shape = 'slotsOfQueue'; PRAGMA application_id = 7");
  db.close();

  const again = openStore(file, { clock: systemClock });
  const all = () => again.query('slotsOfQueue', { queue: one.data.queue }, { limit: 9 });
  const { items } = await all();
  expect(items.map(({ data }) => data.index)).toEqual([1, 2]);
  const [first] = items;
  if (first === undefined) throw new Error('there is no slot');
  await again.commit([update(one.ref, first, { index: 3 })]);
  expect((await all()).items.map(({ data }) => data.index)).toEqual([2, 3]);
  again.close();
});

test.each<[string, string]>([
  ['in a file of its own', 'ALTER TABLE last_commit DROP COLUMN indexed;'],
  ['in a file of this build', ''],
])('what a build has written that knows no other shapes than its own is found, too: %s', async (_, older) => {
  const file = newFile();
  const store = openStore(file, { clock: systemClock });
  const [one, other] = [aSlot('q@here', 1), aSlot('q@here', 2)];
  await store.commit([create(one.ref, one.data)]);
  await store.commit([create(other.ref, other.data)]);
  store.close();
  const db = new DatabaseSync(file);
  // It makes no entry of a shape that came after it, and says of the file what it said before.
  db.exec(`${older} DELETE FROM entries WHERE shape = 'slotsOfQueue' AND path = '${other.ref.path}';
    UPDATE last_commit SET number = number + 1, at = at + 1`);
  db.close();

  const again = openStore(file, { clock: systemClock });
  const { items } = await again.query('slotsOfQueue', { queue: one.data.queue }, { limit: 9 });
  expect(items.map(({ data }) => data.index)).toEqual([1, 2]);
  again.close();
});

test('a file that this build wrote last is not indexed anew', async () => {
  const file = newFile();
  const store = openStore(file, { clock: systemClock });
  const { ref, data } = aSlot('q@here', 1);
  await store.commit([create(ref, data)]);
  store.close();
  const db = new DatabaseSync(file);
  db.exec("DELETE FROM entries WHERE shape = 'slotsOfQueue'");
  db.close();
  const again = openStore(file, { clock: systemClock });
  expect((await again.query('slotsOfQueue', { queue: data.queue }, { limit: 9 })).items).toEqual([]);
  again.close();
});

test.each([
  ['asc', 'start', false, 'shape=? AND key=?'],
  ['desc', 'start', false, 'shape=? AND key=?'],
  ['asc', 'cursor', false, 'shape=? AND key=? AND (sort,path)>(?,?)'],
  ['desc', 'cursor', false, 'shape=? AND key=? AND (sort,path)<(?,?)'],
  ['asc', 'start', true, 'shape=? AND key=? AND sort<?'],
  ['desc', 'start', true, 'shape=? AND key=? AND sort>?'],
  ['asc', 'cursor', true, 'shape=? AND key=? AND (sort,path)>(?,?) AND sort<?'],
  ['desc', 'cursor', true, 'shape=? AND key=? AND sort>? AND (sort,path)<(?,?)'],
] as const)(
  'a page is one range of the index and sorts nothing: %s from its %s',
  (direction, from, isBounded, range) => {
    const file = newFile();
    openStore(file, { clock: systemClock }).close();
    const db = new DatabaseSync(file);
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${pageSql({ direction, from, isBounded, fields: null })}`).all();
    expect(plan.map((row) => row['detail'])).toEqual([
      `SEARCH e USING PRIMARY KEY (${range})`,
      expect.stringContaining('SEARCH d USING INDEX'),
    ]);
    db.close();
  },
);
