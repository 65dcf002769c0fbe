import { isConflict } from '../../domain/errors.ts';

/**
 * Reads and decides again after each lost race, as every compare-and-set must.
 * @throws the last PreconditionFailedError after `rounds` losses, so that the event or request is tried again later
 */
export async function decideAgain<T>(round: () => Promise<T>, rounds = 10): Promise<T> {
  for (let left = rounds; ; left -= 1) {
    try {
      return await round();
    } catch (error) {
      if (!isConflict(error) || left <= 1) throw error;
    }
  }
}
