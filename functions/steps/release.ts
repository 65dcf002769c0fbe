import type { Job, JobError } from '../../domain/contract/job.ts';
import { isConflict } from '../../domain/errors.ts';
import { valueAt, withValueAt } from '../../domain/json-pointer.ts';
import { refs, update, type Snapshot } from '../../domain/ports.ts';
import { isTerminal, move } from '../../domain/state.ts';
import { NEVER_MS } from '../../domain/time.ts';
import type { Deps } from '../deps.ts';
import { validateInput } from '../http/validate-input.ts';
import { decideAgain } from './again.ts';
import { nudge } from './nudge.ts';

type Needs = Pick<Deps, 'store' | 'bus' | 'clock' | 'log' | 'catalogue' | 'settings'>;

/** No job may have more parents than one page holds (CreateJobRequest bounds them). */
const PARENTS = 100;

/**
 * Looks whether a job that waits for others may go on: queued once all of them succeeded (blocked further, where it is too
 * early for it), with their outputs put into its input; failed as soon as one of them ended otherwise, or canceled with it
 * where whoever canceled that one said so. Runs after the job's creation, after each parent's end and from
 * sweep; the commit on the job lets one of them through, so two parents that finish at once start it once.
 */
export async function releaseIfReady(deps: Needs, jobId: string): Promise<void> {
  await decideAgain(async () => {
    const read = await deps.store.get(refs.job(jobId));
    if (read?.data.state !== 'blocked' || read.data.reason !== 'dependency') return;
    const edges = await deps.store.query('parents', { child: jobId }, { limit: PARENTS });
    const parents = await Promise.all(edges.items.map((edge) => deps.store.get(refs.job(edge.data.parent))));
    const decision = decideRelease(
      deps,
      read.data,
      parents.map((parent) => parent?.data ?? null),
    );
    const nowMs = deps.clock.nowMs();
    switch (decision.kind) {
      case 'wait':
        // Its edges stand, so whichever parent ends from here on will find it: no need to look again by the clock.
        if (read.data.untilMs <= read.readAtMs) {
          await deps.store.commit([update(refs.job(jobId), read, { untilMs: NEVER_MS })]);
        }
        return;
      case 'fail':
        await deps.store.commit(move(read, 'failed', nowMs, { error: decision.error, reason: decision.error.kind }));
        return;
      case 'cancel':
        await deps.store.commit(
          move(read, 'canceled', nowMs, {
            reason: `canceled with ${decision.parent}`,
            patch: { dependants: 'cancel' },
          }),
        );
        return;
      case 'go':
        await letGo(deps, read, { input: decision.input });
    }
  });
}

/** Queues a blocked job, or leaves it blocked for the time before which it may not be. */
async function letGo(deps: Needs, read: Snapshot<Job>, patch: Partial<Job> = {}): Promise<void> {
  const { notBeforeMs } = read.data;
  const nowMs = deps.clock.nowMs();
  if (notBeforeMs !== undefined && notBeforeMs > read.readAtMs) {
    const writes = move(read, 'blocked', nowMs, { reason: 'not_before', untilMs: notBeforeMs, patch });
    return deps.store.commit(writes);
  }
  await deps.store.commit(move(read, 'queued', nowMs, { patch }));
  await nudge(deps, read.data.home);
}

/** A tombstone still says how it ended, but what it made can be put into no input any more. */
const isGone = (job: Job): boolean => job.tombstone !== undefined;

type Release =
  | { readonly kind: 'wait' }
  | { readonly kind: 'fail'; readonly error: JobError }
  | { readonly kind: 'cancel'; readonly parent: string }
  | { readonly kind: 'go'; readonly input: unknown };

function decideRelease(deps: Needs, job: Job, parents: readonly (Job | null)[]): Release {
  const ended = parents.find(
    (parent) => parent === null || isGone(parent) || (isTerminal(parent.state) && parent.state !== 'succeeded'),
  );
  if (ended?.state === 'canceled' && ended.dependants === 'cancel') return { kind: 'cancel', parent: ended.id };
  if (ended !== undefined) {
    const what = ended === null || isGone(ended) ? 'is gone' : `ended as ${ended.state}`;
    return {
      kind: 'fail',
      error: {
        kind: 'dependency_failed',
        message: `Job ${ended?.id ?? 'it depends on'} ${what}, so this one cannot run.`,
      },
    };
  }
  if (parents.some((parent) => parent?.state !== 'succeeded')) return { kind: 'wait' };
  let input = job.input;
  for (const source of job.inputFrom) {
    const value = valueAt(parents.find((parent) => parent?.id === source.job)?.output, source.path);
    if (value === undefined) {
      const message = `input${source.pointer}: job ${source.job} has no output at "${source.path}".`;
      return { kind: 'fail', error: { kind: 'invalid_input', message } };
    }
    input = withValueAt(input, source.pointer, value);
  }
  const bytes = Buffer.byteLength(JSON.stringify(input));
  if (bytes > deps.settings.maxInputBytes) {
    const message = `With the outputs it refers to, its input has ${bytes} bytes; at most ${deps.settings.maxInputBytes} fit. Refer to a part of an output by its path.`;
    return { kind: 'fail', error: { kind: 'invalid_input', message } };
  }
  const entry = deps.catalogue.models.get(job.model);
  const faults = entry === undefined ? [] : validateInput(entry.model, input, []);
  if (faults.length > 0) {
    const message = faults.map((fault) => `${fault.field}: ${fault.message}`).join('; ');
    return { kind: 'fail', error: { kind: 'invalid_input', message: message.slice(0, 4_000) } };
  }
  return { kind: 'go', input };
}

/** Ends a job whose start deadline has passed: `expired` if nothing of it ever ran, else `failed` with its last error. */
async function endUnstarted(deps: Needs, read: Snapshot<Job>): Promise<void> {
  const error: JobError = { kind: 'start_deadline', message: 'Its start deadline passed before a worker took it.' };
  const to = read.data.attempt === 0 ? 'expired' : 'failed';
  await deps.store.commit(move(read, to, deps.clock.nowMs(), { error: read.data.error ?? error, reason: error.kind }));
}

/**
 * Does what a waiting job is due for, by the store's own time: end it at its start deadline, queue it when its backoff is
 * over or it is no longer too early, look at its parents once more. Nothing if it is not due, so any number of calls does no harm.
 */
export async function moveDueJob(deps: Needs, jobId: string): Promise<void> {
  const read = await deps.store.get(refs.job(jobId));
  if (read === null || (read.data.state !== 'queued' && read.data.state !== 'blocked')) return;
  try {
    if (read.data.startByMs <= read.readAtMs) return await endUnstarted(deps, read);
    if (read.data.state !== 'blocked' || read.data.untilMs > read.readAtMs) return;
    if (read.data.reason === 'dependency') return await releaseIfReady(deps, jobId);
    await letGo(deps, read);
  } catch (error) {
    // Whoever won the race has moved it; what is still due then is found by the next sweep.
    if (!isConflict(error)) throw error;
  }
}
