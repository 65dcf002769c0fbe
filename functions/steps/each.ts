import type { Deps } from '../deps.ts';

/**
 * Does one thing after another; one that fails keeps none of the others from being done.
 * @throws the first error, once all have been tried, so that the caller's caller tries again
 */
export async function doEach(
  deps: Pick<Deps, 'log'>,
  ids: readonly string[],
  act: (id: string) => Promise<void>,
): Promise<void> {
  const errors: unknown[] = [];
  for (const id of ids) {
    try {
      await act(id);
    } catch (error) {
      errors.push(error);
      deps.log.error('one of several failed', { id, error: String(error) });
    }
  }
  if (errors.length > 0) throw errors[0];
}
