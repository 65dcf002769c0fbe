import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { create, refs } from '../../domain/ports.ts';
import { admitOnly } from '../../local/api-key.ts';
import { openStore, type SqliteStore } from '../../local/sqlite.ts';
import { newFolder, removeFolders } from './folder.ts';
import { manualClock } from './manual-clock.ts';

const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');
const all = ['submit', 'read', 'admin'];

let folder: string;
let store: SqliteStore;
beforeEach(() => {
  folder = newFolder();
  store = openStore(join(folder, 'slipway.db'), { clock: manualClock(1_000) });
});
afterEach(() => {
  store.close();
  removeFolders();
});
const admit = (key: string): Promise<void> => admitOnly(store, join(folder, 'admitted-key'), key, 'default', 1_000);
const stored = async (key: string): Promise<object | undefined> => (await store.get(refs.key(hashOf(key))))?.data;

test('the key of this machine is stored with every scope, and takes the place of the one before', async () => {
  await admit('slw_one');
  expect(await stored('slw_one')).toMatchObject({ tenant: 'default', scopes: all });
  await admit('slw_two');
  expect([await stored('slw_one'), await stored('slw_two')]).toEqual([
    undefined,
    expect.objectContaining({ scopes: all }),
  ]);
});

test('a key that an earlier build stored without scopes keeps doing everything', async () => {
  await store.commit([create(refs.key(hashOf('slw_one')), { schema: 1, tenant: 'default', createdAtMs: 7 })]);
  await admit('slw_one');
  await admit('slw_one');
  expect(await stored('slw_one')).toEqual({ schema: 1, tenant: 'default', createdAtMs: 7, scopes: all });
});
