import type { Artifact } from '../../domain/contract/job.ts';
import { WorkerEnv, type ClaimedJob, type Outcome, type ReadyReply } from '../../domain/contract/door.ts';
import type { Clock, Log, Random } from '../../domain/ports.ts';
import { SECOND } from '../../domain/time.ts';
import type { Door } from '../../gpu-job/door-client.ts';
import { DoorRejectedError, isPassing, SessionRefusedError } from '../../gpu-job/door-errors.ts';
import { finishJob, releaseSlot } from '../../gpu-job/finish.ts';
import { Lease } from '../../gpu-job/lease.ts';
import { becomeReady } from '../../gpu-job/ready.ts';
import { stoppedAs } from '../../gpu-job/stopped.ts';
import { DEFAULT_WORKER_SETTINGS as SETTINGS } from '../../gpu-job/settings.ts';
import { Stop } from '../../gpu-job/stop.ts';
import { retryWhile, sleep, type Patience } from '../../gpu-job/wait.ts';
import type { Signals } from './signals.ts';
import type { Launched } from './platform.ts';

/** What a job's input tells the worker to do with it: one entry for each attempt, and what follows the last is `succeed`. */
export interface Script {
  readonly tag: string;
  readonly plan?: readonly ('succeed' | 'crash' | 'stall')[];
  readonly computeSeconds?: number;
  readonly artifact?: boolean;
  readonly reports?: boolean;
  /** Outputs of the jobs that this one waits for. */
  readonly from?: readonly unknown[];
}

export interface WorkerWorld {
  readonly launched: Launched;
  readonly door: Door;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signals: Signals;
  /** How long its model takes to stop. */
  readonly leaveMs: number;
  /** Stops this execution for good. */
  readonly exit: () => void;
  readonly upload: (path: string, bytes: number) => void;
  readonly computed: (job: ClaimedJob, execution: string) => void;
  readonly gotSession: (execution: string) => void;
}

/** A machine that stands still for so long that its slot is handed on, and then goes on as if nothing had been. */
const STALL_MS = 100 * SECOND;
const FILE = { name: 'result.bin', contentType: 'application/octet-stream', sizeBytes: 10 };

/** A worker's life as gpu-job lives it, by its own parts where they need no model process: ready, renewals, claims, finish, release. */
export async function work(world: WorkerWorld): Promise<void> {
  const { launched, door, clock, random, exit } = world;
  try {
    const patience = { clock, random, firstMs: SETTINGS.retryFirstMs, maxMs: SETTINGS.retryMaxMs };
    const untilMs = clock.nowMs() + SETTINGS.readyPatienceMs;
    const { bounds, goodSinceMs } = await becomeReady(envOf(launched), door, { ...patience, untilMs });
    world.gotSession(launched.execution);
    await new Life(world, bounds, patience).live(goodSinceMs);
  } catch (error) {
    // A worker exits on what it cannot mend at the door; its lease tells the rest.
    if (!isDoors(error)) world.log.error('worker failed', { error: String(error) });
  }
  exit();
}

const isDoors = (error: unknown): boolean =>
  error instanceof SessionRefusedError || error instanceof DoorRejectedError || isPassing(error);

const envOf = ({ execution, request }: Launched): WorkerEnv =>
  WorkerEnv.parse({
    SLIPWAY_DOOR: 'http://127.0.0.1',
    SLIPWAY_QUEUE: request.queue,
    SLIPWAY_SLOT: request.slot,
    SLIPWAY_FENCE: request.fence,
    SLIPWAY_TICKET: request.ticket,
    CLOUD_RUN_JOB: request.queue,
    CLOUD_RUN_EXECUTION: execution,
    CLOUD_RUN_TASK_INDEX: 0,
    CLOUD_RUN_TASK_ATTEMPT: 0,
    CLOUD_RUN_TASK_COUNT: 1,
  });

class Life {
  readonly #world: WorkerWorld;
  readonly #bounds: ReadyReply;
  readonly #patience: Patience;
  #lease: Lease | null = null;
  #current: { readonly id: string; readonly stop: Stop } | null = null;

  constructor(world: WorkerWorld, bounds: ReadyReply, patience: Patience) {
    this.#world = world;
    this.#bounds = bounds;
    this.#patience = patience;
  }

  async live(goodSinceMs: number): Promise<void> {
    const { clock, door, log, signals, launched, leaveMs, exit } = this.#world;
    const { renewEveryMs, abandonAfterMs, idleTimeoutMs } = this.#bounds;
    this.#lease = new Lease({
      clock,
      log,
      renew: () => door.renew(),
      renewEveryMs,
      abandonAfterMs,
      goodSinceMs,
      onReply: ({ cancel }) => {
        if (this.#current !== null && cancel.includes(this.#current.id)) this.#current.stop.request('cancel', 0);
      },
      onEnd: exit,
    });
    this.#lease.start();
    let idleSinceMs = clock.nowMs();
    for (;;) {
      const beganMs = clock.nowMs();
      const leftMs = Math.max(0, idleSinceMs + idleTimeoutMs - beganMs);
      const { job, drain } = await this.#claim(Math.min(SETTINGS.holdMs, leftMs));
      if (job !== null) {
        await this.#work(job);
        idleSinceMs = clock.nowMs();
        continue;
      }
      if (drain || clock.nowMs() >= idleSinceMs + idleTimeoutMs) break;
      await sleep(clock, Math.min(leftMs, beganMs + SETTINGS.emptyClaimPauseMs - clock.nowMs()));
    }
    signals.say('leaving', launched.request.queue);
    if (leaveMs > 0) await sleep(clock, leaveMs);
    await this.#lease.stop();
    const untilMs = clock.nowMs() + SETTINGS.releasePatienceMs;
    await releaseSlot(door, 0, log, { ...this.#patience, untilMs });
  }

  #claim(holdMs: number) {
    const never = new AbortController().signal;
    return retryWhile(isPassing, () => this.#world.door.claim({ holdMs, loadMs: 0 }, never), this.#patience);
  }

  async #work(job: ClaimedJob): Promise<void> {
    const { clock, door, log, signals, launched, computed } = this.#world;
    const script = job.input as Script;
    const does = script.plan?.[job.attempt - 1] ?? 'succeed';
    computed(job, launched.execution);
    const stop = new Stop(clock);
    this.#current = { id: job.id, stop };
    signals.say('computing', script.tag);
    if (script.reports === true) await this.#report(job, stop);
    if (does === 'stall') await this.#stall(job);
    await sleep(clock, (script.computeSeconds ?? 1) * SECOND, stop.polite);
    const outcome = stop.reason === null ? await this.#outcome(job, does) : stoppedAs(stop.reason, job);
    stop.close();
    this.#current = null;
    if (outcome === null) return;
    signals.say('finishing', script.tag);
    const { storePatienceMs } = SETTINGS;
    await finishJob(door, job, { outcome }, log, { ...this.#patience, storePatienceMs });
  }

  /** One report a job: its reply tells of a cancellation, and its failure is made up for by none. */
  async #report({ id, attempt }: ClaimedJob, stop: Stop): Promise<void> {
    const { door, clock, launched } = this.#world;
    const line = { stream: 'stdout' as const, text: launched.execution, atMs: clock.nowMs() };
    const progress = { fraction: 0.5, message: launched.execution };
    try {
      const { cancel } = await door.report({ job: id, attempt, progress, metrics: {}, logSeq: 0, logs: [line] });
      if (cancel) stop.request('cancel', 0);
    } catch (error) {
      if (error instanceof SessionRefusedError) throw error;
      if (error instanceof DoorRejectedError && error.status === 404) stop.request('lost', 0);
    }
  }

  /** Every call that a worker has, with the session of a slot that was handed on meanwhile: none may be accepted. */
  async #stall(job: ClaimedJob): Promise<void> {
    const { clock, door, launched } = this.#world;
    launched.isDeaf = true;
    await this.#lease?.stop();
    await sleep(clock, STALL_MS);
    launched.isDeaf = false;
    const { id, attempt } = job;
    const { slot, fence } = launched.request;
    const output = { by: `${slot}/${fence}/${attempt}`, value: 'late' };
    const never = new AbortController().signal;
    const calls = [
      () => door.artifact({ job: id, attempt, ...FILE }),
      () => door.report({ job: id, attempt, progress: null, metrics: { late: 1 }, logSeq: 9, logs: [] }),
      () => door.finish({ job: id, attempt, outcome: { kind: 'succeeded', output, artifacts: [], metrics: {} } }),
      () => door.renew(),
      () => door.claim({ holdMs: 0, loadMs: 0 }, never),
    ];
    for (const call of calls) await call().catch(() => undefined);
    await door.release();
  }

  async #outcome(job: ClaimedJob, does: 'succeed' | 'crash' | 'stall'): Promise<Outcome> {
    const { slot, fence } = this.#world.launched.request;
    const by = `${slot}/${fence}/${job.attempt}`;
    if (does === 'crash') return { kind: 'failed', error: { kind: 'crash', message: by } };
    const { tag, artifact } = job.input as Script;
    const artifacts = artifact === true ? [await this.#upload(job)] : [];
    return { kind: 'succeeded', output: { by, value: `made for ${tag}` }, artifacts, metrics: {} };
  }

  async #upload({ id, attempt }: ClaimedJob): Promise<Artifact> {
    const { door, upload } = this.#world;
    const { path } = await retryWhile(isPassing, () => door.artifact({ job: id, attempt, ...FILE }), this.#patience);
    upload(path, FILE.sizeBytes);
    return { ...FILE, path };
  }
}
