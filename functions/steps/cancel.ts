import { isHeld, isTerminal, move } from '../../domain/state.ts';
import { refs } from '../../domain/ports.ts';
import { RequestError } from '../../domain/errors.ts';
import type { Deps } from '../deps.ts';
import { decideAgain } from './again.ts';

/**
 * Cancels a job: at once where no worker holds it, else by asking its worker, which finishes it as canceled.
 * @returns `already_ended` where it ended otherwise before
 * @throws RequestError not_found
 */
export async function cancelJob(
  deps: Pick<Deps, 'store' | 'clock'>,
  jobId: string,
): Promise<'canceled' | 'canceling' | 'already_ended'> {
  return decideAgain(async () => {
    const read = await deps.store.get(refs.job(jobId));
    if (read === null) throw new RequestError('not_found', `there is no job ${jobId}`);
    const { state } = read.data;
    if (state === 'canceled' || state === 'canceling') return state;
    if (isTerminal(state)) return 'already_ended';
    const to = isHeld(state) ? 'canceling' : 'canceled';
    await deps.store.commit(move(read, to, deps.clock.nowMs(), { reason: 'requested' }));
    return to;
  });
}
