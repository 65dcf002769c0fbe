import { refs, update } from '../../domain/ports.ts';
import { decideRecovery } from '../../domain/recover.policy.ts';
import { holderIsGone } from '../../domain/holder.ts';
import { UNHELD } from '../../domain/slot.policy.ts';
import { isHeld } from '../../domain/state.ts';
import type { Slot } from '../../domain/contract/slot.ts';
import { SECOND } from '../../domain/time.ts';
import type { DispatchDeps } from '../deps.ts';
import { decideAgain } from './again.ts';
import { failAttempt } from './fail-attempt.ts';
import { nudge } from './nudge.ts';

const LOST = {
  kind: 'worker_lost',
  message: 'The worker stopped renewing its lease, or its execution ended.',
} as const;

/**
 * Takes a slot back from a worker that is gone: marks it, so that claims and renewals are refused from here on; cancels the
 * execution; moves each of its jobs on; and frees it last, so that slot and jobs never disagree. Safe to run twice at once
 * and to be cut off anywhere: the next run finds `recovering` and goes on. (The protocol's `recover`.)
 */
export async function recoverSlot(deps: DispatchDeps, slotId: string): Promise<void> {
  const marked = await decideAgain(() => mark(deps, slotId));
  if (marked === null) return;
  const { slot, ranNothing } = marked;
  await cancelExecutions(deps, slotId, slot);
  for (const jobId of slot.jobs) await decideAgain(() => requeue(deps, jobId, slotId, slot.fence));
  await decideAgain(async () => {
    const read = await deps.store.get(refs.slot(slotId));
    if (read?.data.state !== 'recovering' || read.data.fence !== slot.fence) return;
    const bootFailures = ranNothing ? read.data.bootFailures + 1 : read.data.bootFailures;
    await deps.store.commit([update(refs.slot(slotId), read, { ...UNHELD, fence: slot.fence + 1, bootFailures })]);
  });
  await nudge(deps, slot.queue);
}

/** The fence keeps them from doing harm; only their cost is at stake, and the worker's own 40 s rule bounds that. */
async function cancelExecutions({ launcher, log }: DispatchDeps, slotId: string, slot: Slot): Promise<void> {
  const { queue, fence, execution } = slot;
  try {
    const executions =
      execution === null ? await launcher.find({ queue, slot: slotId, fence }) : [{ queue, execution }];
    for (const one of executions) await launcher.cancel(one);
  } catch (error) {
    log.error('execution not canceled', { slot: slotId, fence, execution, error: String(error) });
  }
}

/** The lease decides alone where the platform does not tell: its API being away must keep no slot from being recovered. */
async function statusOf(
  { launcher, log }: DispatchDeps,
  { queue, execution }: Slot,
): Promise<'running' | 'ended' | 'unknown'> {
  if (execution === null) return 'unknown';
  try {
    return await launcher.status({ queue, execution });
  } catch (error) {
    log.error('execution not looked up', { execution, error: String(error) });
    return 'unknown';
  }
}

async function mark(deps: DispatchDeps, slotId: string): Promise<{ slot: Slot; ranNothing: boolean } | null> {
  const read = await deps.store.get(refs.slot(slotId));
  if (read === null) return null;
  const slot = read.data;
  const decision = decideRecovery({
    slot: read,
    execution: await statusOf(deps, slot),
    leaseMs: deps.settings.leaseMs,
    reservedMs: deps.settings.reservedMs,
    startupTimeoutMs: (deps.catalogue.queues.get(slot.queue)?.pool.startupTimeoutSeconds ?? 0) * SECOND,
    aliveSinceMs: deps.launcher.aliveSinceMs,
  });
  if (decision.kind === 'keep') return null;
  deps.log.info('recovering a slot', { slot: slotId, fence: slot.fence, why: decision.why, jobs: slot.jobs.length });
  // A worker that died before its first claim may do so each time, ready or not.
  const ranNothing = slot.claims === 0 && decision.why !== 'former_boot';
  if (slot.state !== 'recovering') {
    await deps.store.commit([update(refs.slot(slotId), read, { state: 'recovering' })]);
  }
  return { slot, ranNothing };
}

async function requeue(deps: DispatchDeps, jobId: string, slotId: string, fence: number): Promise<void> {
  const read = await deps.store.get(refs.job(jobId));
  const holder = read?.data.holder;
  if (read === null || holder?.slot !== slotId || holder.fence !== fence) return;
  const next = failAttempt(deps, read, LOST, 'lost');
  await deps.store.commit(next.writes);
  if (next.nudge !== null) await nudge(deps, next.nudge);
}

/**
 * Moves on a held job whose holder is gone though its slot did not list it. The job is read first, the slot second: the
 * other order would take a job that was claimed in between.
 */
export async function requeueOrphan(deps: DispatchDeps, jobId: string): Promise<void> {
  await decideAgain(async () => {
    const read = await deps.store.get(refs.job(jobId));
    if (read === null || !isHeld(read.data.state) || read.data.holder === null) return;
    const slot = await deps.store.get(refs.slot(read.data.holder.slot));
    if (!holderIsGone(read.data, slot?.data ?? null)) return;
    const next = failAttempt(deps, read, LOST, 'lost');
    await deps.store.commit(next.writes);
    if (next.nudge !== null) await nudge(deps, next.nudge);
  });
}
