import type { Firestore } from '@google-cloud/firestore';
import { SECOND } from '../../domain/time.ts';
import type { Project } from '../endpoints.ts';
import { lazy } from '../lazy.ts';

export interface FirestoreOptions extends Project {
  readonly databaseId: string;
  /** How long `close` waits for calls under way. */
  readonly closeMs?: number;
}

/** The client, made when it is first asked for: a function that answers without the store does not pay for loading it. */
export interface LazyFirestore {
  get(): Promise<Firestore>;
  /**
   * Gives calls under way a moment, which the client would wait for until it has given them up. Idempotent.
   * @param pending those that it may still repeat though nobody waits for them: once ended, it throws at that where nobody can catch
   * it. So it is ended after them, or with the process
   */
  close(pending?: Iterable<Promise<unknown>>): Promise<void>;
}

export function lazyFirestore({
  projectId,
  databaseId,
  endpoints,
  closeMs = 2 * SECOND,
}: FirestoreOptions): LazyFirestore {
  let made: Firestore | null = null;
  const get = lazy(async (): Promise<Firestore> => {
    made = await make();
    return made;
  });
  const make = async (): Promise<Firestore> => {
    const { Firestore: Client } = await import('@google-cloud/firestore');
    if (endpoints.firestore === undefined) return new Client({ projectId, databaseId });
    const { googleAuthLibrary } = await import('google-gax');
    // Without a client of its own it would look for credentials, and for a metadata server that is not there.
    const authClient = new googleAuthLibrary.PassThroughClient();
    return new Client({ projectId, databaseId, host: endpoints.firestore, ssl: false, authClient });
  };
  return {
    get,
    close: async (pending = []) => {
      const client = made;
      if (client === null) return;
      const timer = AbortSignal.timeout(closeMs);
      const timeUp = new Promise<void>((resolve) => timer.addEventListener('abort', () => resolve()));
      await Promise.race([Promise.allSettled(pending).then(() => client.terminate()), timeUp]);
    },
  };
}
