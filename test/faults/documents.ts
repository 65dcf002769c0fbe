import type { CollectionName, Collections } from '../../domain/collections.ts';
import type { Write } from '../../domain/ports.ts';

export interface Doc<C extends CollectionName = CollectionName> {
  readonly path: string;
  readonly collection: C;
  readonly data: Collections[C];
  readonly writtenAtMs: number;
}

/** What one commit did to one document. */
export interface Change<C extends CollectionName = CollectionName> {
  readonly path: string;
  readonly collection: C;
  readonly before: Doc<C> | null;
  readonly after: Doc<C> | null;
}

/** Every document as the commits that were accepted have left it: what the checks look at, whichever engine keeps them. */
export class Documents {
  readonly #docs = new Map<string, Doc>();

  /** Takes over a commit that the store has accepted. */
  apply(writes: readonly Write[], nowMs: number): Change[] {
    return writes.map((write) => {
      const { path, collection } = write.ref;
      const before = this.#docs.get(path) ?? null;
      if (write.kind === 'delete') {
        this.#docs.delete(path);
        return { path, collection, before, after: null };
      }
      const written = write.kind === 'create' ? write.data : { ...before?.data, ...write.patch };
      const data = JSON.parse(JSON.stringify(written)) as Collections[CollectionName];
      const after = { path, collection, data, writtenAtMs: nowMs };
      this.#docs.set(path, after);
      return { path, collection, before, after };
    });
  }

  get(path: string): Doc | null {
    return this.#docs.get(path) ?? null;
  }

  in<C extends CollectionName>(collection: C): Doc<C>[] {
    return [...this.#docs.values()].filter((doc): doc is Doc<C> => doc.collection === collection);
  }

  all(): readonly Doc[] {
    return [...this.#docs.values()];
  }
}

/** Narrows a change to its collection. */
export const isOf = <C extends CollectionName>(change: Change, collection: C): change is Change<C> =>
  change.collection === collection;
