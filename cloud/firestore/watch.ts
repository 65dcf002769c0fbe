import type { DocumentReference, Query } from '@google-cloud/firestore';
import type { Clock, Log } from '../../domain/ports.ts';

/** After the listener has ended by itself, which it does only where the client's own retries have given up. */
const AGAIN_MS = 5_000;

/**
 * Listens until stopped. The first answer of Firestore calls `onChange` too: it tells of whatever changed while the listener
 * was being set up.
 * @returns the stop
 */
export function listen(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  target: () => Promise<DocumentReference | Query>,
  onChange: () => void,
): () => void {
  let isStopped = false;
  let undo = (): void => undefined;
  const again = (error: unknown): void => {
    if (isStopped) return;
    log.error('a listener has ended; it is set up again', {
      error: error instanceof Error ? error.message : String(error),
    });
    undo = clock.after(AGAIN_MS, start);
    // Whoever waits must not wait for a listener that is deaf.
    onChange();
  };
  const onNext = (): void => {
    if (!isStopped) onChange();
  };
  function start(): void {
    target().then((at) => {
      // The overloads of both say the same.
      if (!isStopped) undo = (at as Query).onSnapshot(onNext, again);
    }, again);
  }
  start();
  return () => {
    isStopped = true;
    undo();
  };
}
