import type { Deps } from '../deps.ts';

/** How many are under way at a time: one that waits for somebody who does not answer must not hold up all the others. */
const CONCURRENCY = 16;

/**
 * Does something for each of several ids, in their order, a few at a time; one that fails keeps none of the others from being done.
 * @throws the first error, once all have been tried, so that the caller's caller tries again
 */
export async function doEach(
  deps: Pick<Deps, 'log'>,
  ids: readonly string[],
  act: (id: string) => Promise<void>,
): Promise<void> {
  const left = [...new Set(ids)];
  const errors: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      try {
        await act(id);
      } catch (error) {
        errors.push(error);
        deps.log.error('one of several failed', { id, error: String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  if (errors.length > 0) throw errors[0];
}
