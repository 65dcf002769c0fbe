import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../local/sqlite.ts';
import type { OpenEngine } from './world.ts';

/** In memory where the machine has such a folder: thousands of runs wait for a disk at each commit otherwise. */
const BASE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** The embedded engine, each time on a new file. */
export const openSqlite: OpenEngine = async (clock) => {
  const folder = mkdtempSync(join(BASE, 'slipway-faults-'));
  const store = openStore(join(folder, 'slipway.db'), { clock });
  return {
    store,
    close: async () => {
      store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
