import type { CancelJobRequest } from '../../domain/contract/cancel.ts';
import type { Job } from '../../domain/contract/job.ts';
import { isHeld, isTerminal, move } from '../../domain/state.ts';
import { refs, update, type Snapshot } from '../../domain/ports.ts';
import { RequestError } from '../../domain/errors.ts';
import type { Deps } from '../deps.ts';
import { decideAgain } from './again.ts';

/**
 * Cancels a job: at once where no worker holds it, else by asking its worker, which finishes it as canceled.
 * @param dependants what becomes of the jobs that wait for it once it has ended. `cancel` stands in the job from the same
 *   commit on, and whoever settles its end does it and hands it down, page by page: however many there are, in whatever depth.
 *   Asked for later it is written as long as the end is not settled; the job then says which it is
 * @returns `already_ended` where it ended otherwise before
 * @throws RequestError not_found
 */
export async function cancelJob(
  deps: Pick<Deps, 'store' | 'clock'>,
  jobId: string,
  dependants: CancelJobRequest['dependants'] = 'fail',
): Promise<'canceled' | 'canceling' | 'already_ended'> {
  return decideAgain(async () => {
    const read = await deps.store.get(refs.job(jobId));
    if (read === null) throw new RequestError('not_found', `there is no job ${jobId}`);
    const { state } = read.data;
    const patch = dependants === 'cancel' ? { dependants } : {};
    if (state === 'canceled' || state === 'canceling') {
      if (dependants === 'cancel' && read.data.dependants === undefined) await wish(deps, read);
      return state;
    }
    if (isTerminal(state)) return 'already_ended';
    const to = isHeld(state) ? 'canceling' : 'canceled';
    await deps.store.commit(move(read, to, deps.clock.nowMs(), { reason: 'requested', patch }));
    return to;
  });
}

/** Has the jobs that still wait for this one canceled with it, unless its end was settled before. */
async function wish({ store }: Pick<Deps, 'store'>, read: Snapshot<Job>): Promise<void> {
  const job = update(refs.job(read.data.id), read, { dependants: 'cancel' });
  if (read.data.state === 'canceling') return store.commit([job]);
  const ref = refs.event(read.data.id, read.data.version);
  const end = await store.get(ref);
  if (end?.data.open !== true) return;
  // The end is written as it is, so that it cannot be settled in between.
  await store.commit([job, update(ref, end, { open: true })]);
}
