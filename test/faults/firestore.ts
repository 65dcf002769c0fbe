import type { CollectionName } from '../../domain/collections.ts';
import type { Snapshot, Store } from '../../domain/ports.ts';
import { SHAPES } from '../../domain/shapes.ts';
import { firestoreStore } from '../../cloud/firestore/store.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { newProject } from '../emulators/here.ts';
import type { OpenEngine } from './world.ts';

const silent = { info: () => undefined, error: () => undefined };

/**
 * Firestore, on an emulator, with a project for each run. Its times are its own, moved on by as much as the run's clock was
 * put forward: a document's time by as much as at its last write. Watches hear of commits at once instead of from the
 * listener, so that a run is the same each time; the port's own suite has the listener.
 * @param host where the emulator is
 */
export const openFirestore =
  (host: string): OpenEngine =>
  async (clock) => {
    const startMs = clock.nowMs();
    const inner = firestoreStore({
      callMs: 20_000,
      projectId: newProject(),
      databaseId: '(default)',
      endpoints: { firestore: host },
      clock: systemClock,
      random: systemRandom,
      log: silent,
    });
    const passedMs = (): number => clock.nowMs() - startMs;
    const passedAtWrite = new Map<string, number>();
    const watches = new Set<{ readonly hears: (path: string, collection: CollectionName) => boolean; tell(): void }>();
    const moved = <T>(read: Snapshot<T>): Snapshot<T> => ({
      ...read,
      updatedAtMs: read.updatedAtMs + (passedAtWrite.get(read.path) ?? 0),
      readAtMs: read.readAtMs + passedMs(),
    });
    const store: Store = {
      get: async (ref) => {
        const read = await inner.get(ref);
        return read === null ? null : moved(read);
      },
      commit: async (writes) => {
        await inner.commit(writes);
        for (const { ref } of writes) passedAtWrite.set(ref.path, passedMs());
        const touched = writes.map(({ ref }) => ref);
        for (const watch of [...watches]) {
          if (touched.some(({ path, collection }) => watch.hears(path, collection))) watch.tell();
        }
      },
      query: async (shape, where, options) => {
        const page = await inner.query(shape, where, options);
        return { ...page, items: page.items.map(moved), readAtMs: page.readAtMs + passedMs() };
      },
      count: (shape, where, limit) => inner.count(shape, where, limit),
      watch: (target, onChange) => {
        const hears = (path: string, collection: CollectionName): boolean =>
          'path' in target ? target.path === path : SHAPES[target.shape].collection === collection;
        const watch = { hears, tell: onChange };
        watches.add(watch);
        return () => watches.delete(watch);
      },
    };
    return { store, close: () => inner.close() };
  };
