import type { Deps } from '../deps.ts';

/**
 * Publishes a nudge for each queue. What it announces is stored already, so a failure is logged and left to sweep: it must
 * not undo or repeat the caller's work.
 */
export async function nudge(deps: Pick<Deps, 'bus' | 'log'>, ...queues: readonly string[]): Promise<void> {
  await Promise.all(
    queues.map(async (queue) => {
      try {
        await deps.bus.publish('nudges', { queue });
      } catch (error) {
        deps.log.error('nudge not published; sweep will find the queue', { queue, error: String(error) });
      }
    }),
  );
}
