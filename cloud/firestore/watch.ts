import type { DocumentReference, Query } from '@google-cloud/firestore';
import type { Clock, Log } from '../../domain/ports.ts';

/** After the listener has ended by itself, which it does only where the client's own retries have given up: after 100 s. */
const AGAIN_MS = 5_000;
/** How long the first answer may take; until it comes, whoever waits looks this often. */
const DEAF_MS = 5_000;

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
  let hears = (): void => undefined;
  const whileDeaf = (isFirst: boolean): void => {
    hears = clock.after(DEAF_MS, () => {
      if (isFirst) log.error('a listener is not answered; whoever waits for it looks for itself', { everyMs: DEAF_MS });
      whileDeaf(false);
      onChange();
    });
  };
  const again = (error: unknown): void => {
    if (isStopped) return;
    log.error('a listener has ended; it is set up again', {
      error: error instanceof Error ? error.message : String(error),
    });
    hears();
    undo = clock.after(AGAIN_MS, start);
    // Whoever waits must not wait for a listener that is deaf.
    onChange();
  };
  const onNext = (): void => {
    hears();
    if (!isStopped) onChange();
  };
  function start(): void {
    whileDeaf(true);
    target().then((at) => {
      // The overloads of both say the same.
      if (!isStopped) undo = (at as Query).onSnapshot(onNext, again);
    }, again);
  }
  start();
  return () => {
    isStopped = true;
    hears();
    undo();
  };
}
