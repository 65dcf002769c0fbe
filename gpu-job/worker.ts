import type { ClaimedJob, ClaimReply, Outcome, ReadyReply, RenewReply, WorkerEnv } from '../domain/contract/door.ts';
import type { Clock, Http, Log, Random } from '../domain/ports.ts';
import type { Door } from './door-client.ts';
import { DoorFailure, DoorRejectedError, isPassing, SessionRefusedError } from './door-errors.ts';
import { finishJob, releaseSlot, type Ending } from './finish.ts';
import { Lease } from './lease.ts';
import { ModelSet, prepareModels, type WorkerCatalogue } from './model-set.ts';
import type { PendingLines } from './pending-lines.ts';
import { becomeReady, type Session } from './ready.ts';
import { Processes } from './runners/processes.ts';
import { StartupError } from './runners/runner.ts';
import { setupLog, startupFailed, tellSetup } from './setup-log.ts';
import type { WorkerSettings } from './settings.ts';
import { Stop } from './stop.ts';
import { stoppedAs } from './stopped.ts';
import { retryWhile, sleep, type Patience } from './wait.ts';
import { Workdirs } from './workdirs.ts';

export interface WorkerDeps {
  readonly env: WorkerEnv;
  readonly catalogue: WorkerCatalogue;
  readonly door: Door;
  readonly http: Pick<Http, 'send'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: WorkerSettings;
  /** The worker's own environment, of which models see a part. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted when the platform tells the worker to go (SIGTERM). */
  readonly preempt: AbortSignal;
}

/**
 * A worker's life: trades its ticket for a session, starts its models' servers, takes jobs until its queue has been empty
 * for as long as it may idle, gives the slot back. The caller exits at once with the code that this resolves to: 0 where all
 * is as it should be, a refused session included; 1 where no model starts, the door is gone, or the lease was abandoned.
 */
export function runWorker(deps: WorkerDeps): Promise<number> {
  return new Worker(deps).live();
}

class Worker {
  readonly #deps: WorkerDeps;
  readonly #processes = new Processes();
  readonly #workdirs = new Workdirs();
  readonly #forced = Promise.withResolvers<number>();
  /** Aborted when the worker's life is over: nothing is tried again. */
  readonly #over = new AbortController();
  /** Aborted when, besides, no job is to be taken and nothing to be started. */
  readonly #leaving: AbortSignal;
  readonly #setup: PendingLines;
  #models = new ModelSet(new Map(), new Map());
  #lease: Lease | null = null;
  #draining = false;
  #loadMs = 0;
  #current: { readonly id: string; readonly stop: Stop } | null = null;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
    this.#setup = setupLog(deps.clock);
    this.#leaving = AbortSignal.any([deps.preempt, this.#over.signal]);
  }

  async live(): Promise<number> {
    const { preempt, clock, settings, log } = this.#deps;
    let callOffDeadline = (): void => undefined;
    const onPreempt = (): void => {
      log.info('told to stop');
      this.#current?.stop.request('preempted', settings.preemptKillAfterMs);
      callOffDeadline = clock.after(settings.leaveWithinMs, () => this.#force(1, 'could not stop in time'));
    };
    preempt.addEventListener('abort', onPreempt, { once: true });
    try {
      return await Promise.race([this.#serve(), this.#forced.promise]);
    } catch (error) {
      return this.#codeOf(error);
    } finally {
      preempt.removeEventListener('abort', onPreempt);
      callOffDeadline();
      this.#over.abort();
      this.#processes.killAll();
      void this.#lease?.stop();
      this.#workdirs.removeAll();
    }
  }

  /** Ends the worker at once, wherever it stands. */
  #force(code: number, why: string): void {
    this.#processes.killAll();
    if (code === 0) this.#deps.log.info(why);
    else this.#deps.log.error(why);
    this.#forced.resolve(code);
  }

  #codeOf(error: unknown): number {
    const { log, preempt } = this.#deps;
    const reason = (error as Error).message;
    if (error instanceof SessionRefusedError) {
      log.info('the session was refused', { reason });
      return 0;
    }
    if (preempt.aborted) return 0;
    log.error('the worker cannot go on', { reason });
    return 1;
  }

  async #serve(): Promise<number> {
    const { env, door, clock, settings } = this.#deps;
    const session = await becomeReady(env, door, this.#patience(clock.nowMs() + settings.readyPatienceMs));
    this.#hold(session);
    let code = 0;
    try {
      await this.#startModels(session.bounds);
      await this.#takeJobs(session.bounds);
    } catch (error) {
      const mayLeave = [StartupError, DoorRejectedError, DoorFailure].some((kind) => error instanceof kind);
      if (!mayLeave) throw error;
      code = this.#codeOf(error);
      if (error instanceof StartupError) await this.#failOneJob(error);
    }
    await this.#leave();
    return code;
  }

  #hold({ bounds, goodSinceMs }: Session): void {
    const { env, door, clock, log, settings } = this.#deps;
    const onReply = ({ cancel, drain }: RenewReply): void => {
      this.#draining ||= drain;
      const current = this.#current;
      if (current !== null && cancel.includes(current.id)) current.stop.request('cancel', settings.killAfterMs);
    };
    const onEnd = (why: 'refused' | 'abandoned'): void => {
      if (why === 'refused') this.#force(0, 'the slot was handed on');
      else this.#force(1, `no renewal for ${bounds.abandonAfterMs} ms: the slot may be handed on`);
    };
    const { renewEveryMs, abandonAfterMs } = bounds;
    const renew = (): Promise<RenewReply> => door.renew();
    this.#lease = new Lease({ clock, log, renew, renewEveryMs, abandonAfterMs, goodSinceMs, onReply, onEnd });
    this.#lease.start();
    log.info('ready', { slot: env.SLIPWAY_SLOT, fence: env.SLIPWAY_FENCE });
  }

  async #startModels({ models }: ReadyReply): Promise<void> {
    const { catalogue, env, clock, settings, environment, log } = this.#deps;
    const beganMs = clock.nowMs();
    const shared = { processes: this.#processes, workdirs: this.#workdirs, setup: this.#setup };
    const options = { catalogue, queue: env.SLIPWAY_QUEUE, environment, clock, settings, ...shared };
    this.#models = await prepareModels(models, options);
    for (const { model, missing } of this.#models.models) {
      for (const { program, install } of missing) {
        log.error('a model cannot run here', { model: model.name, program, install });
      }
    }
    await this.#models.ensureReady(this.#leaving);
    for (const name of models) {
      const fault = this.#models.faultOf(name);
      if (fault !== null) log.error('a model does not start', { model: name, reason: fault.message });
    }
    this.#loadMs = clock.nowMs() - beganMs;
  }

  /** Until the queue stayed empty for as long as this worker may idle, or it is to go. */
  async #takeJobs({ idleTimeoutMs, maxLifetimeMs }: ReadyReply): Promise<void> {
    const { clock, settings } = this.#deps;
    const endsAtMs = clock.nowMs() + maxLifetimeMs;
    let idleSinceMs = clock.nowMs();
    while (!this.#leaving.aborted && !this.#draining && clock.nowMs() < endsAtMs) {
      await this.#models.ensureReady(this.#leaving);
      const beganMs = clock.nowMs();
      const leftMs = Math.min(idleSinceMs + idleTimeoutMs, endsAtMs) - beganMs;
      const reply = await this.#claim(Math.min(settings.holdMs, Math.max(0, leftMs)));
      if (reply === null) return;
      if (reply.job !== null) {
        await this.#work(reply.job);
        idleSinceMs = clock.nowMs();
        continue;
      }
      if (reply.drain || clock.nowMs() >= idleSinceMs + idleTimeoutMs) return;
      await sleep(clock, Math.min(leftMs, beganMs + settings.emptyClaimPauseMs - clock.nowMs()), this.#leaving);
    }
  }

  /**
   * Null when the worker was told to go meanwhile. A repeated claim is given the job that a lost answer gave.
   * @throws DoorFailure when patience is over: a job that it may hold is then lost with the lease
   */
  async #claim(holdMs: number): Promise<ClaimReply | null> {
    const { door, clock, settings } = this.#deps;
    const untilMs = clock.nowMs() + holdMs + settings.claimPatienceMs;
    const body = { holdMs: Math.floor(holdMs), loadMs: this.#loadMs };
    try {
      const claimed = retryWhile(isPassing, () => door.claim(body, this.#leaving), this.#patience(untilMs));
      // While the door looks for a job, what runs one is loaded; a turn later, since loading would keep the claim from going out.
      const loaded = sleep(clock, 0).then(() => import('./run-job.ts'));
      const [reply] = await Promise.all([claimed, loaded]);
      return reply;
    } catch (error) {
      if (this.#leaving.aborted && isPassing(error)) return null;
      throw error;
    }
  }

  async #work(job: ClaimedJob): Promise<void> {
    const { clock, random, log, settings, door } = this.#deps;
    const { retryFirstMs: firstMs, retryMaxMs: maxMs, storePatienceMs } = settings;
    const stop = new Stop(clock);
    this.#current = { id: job.id, stop };
    if (this.#leaving.aborted) stop.request('preempted', settings.preemptKillAfterMs);
    log.info('job started', { job: job.id, attempt: job.attempt, model: job.model });
    const ending = await this.#endingOf(job, stop);
    this.#current = null;
    if (ending === null) return log.info('the job is no longer held here', { job: job.id, attempt: job.attempt });
    // As long as it takes: should the door stay away, the lease ends and the worker with it.
    const patience = { clock, random, firstMs, maxMs, storePatienceMs, signal: this.#over.signal };
    await finishJob(door, job, ending, log, patience);
  }

  async #endingOf(job: ClaimedJob, stop: Stop): Promise<Ending | null> {
    const prepared = await this.#models.forJob(job.model, stop.polite);
    if (prepared instanceof StartupError) {
      stop.close();
      const outcome = stop.reason === null ? await this.#startupFailed(prepared, job) : stoppedAs(stop.reason, job);
      return outcome === null ? null : { outcome };
    }
    const onRefused = (): void => this.#force(0, 'the session was refused');
    const { runJob } = await import('./run-job.ts');
    return runJob(job, prepared, stop, { ...this.#deps, workdirs: this.#workdirs, setup: this.#setup, onRefused });
  }

  /**
   * Tells one job that its model does not start, as none does. Each failed boot thus uses up an attempt and its submitter learns why; else
   * a queue whose models are broken would start worker after worker, and its jobs would wait in silence.
   */
  async #failOneJob(error: StartupError): Promise<void> {
    const { door, clock, random, settings, log } = this.#deps;
    const reply = await this.#claim(0);
    if (reply?.job == null) return;
    const { retryFirstMs: firstMs, retryMaxMs: maxMs } = settings;
    const patience = { clock, random, firstMs, maxMs, signal: this.#over.signal };
    const fault = this.#models.faultOf(reply.job.model) ?? error;
    await finishJob(door, reply.job, { outcome: await this.#startupFailed(fault, reply.job) }, log, patience);
  }

  async #startupFailed({ message }: StartupError, job: ClaimedJob): Promise<Outcome> {
    const { door, clock, random, settings } = this.#deps;
    const { retryFirstMs: firstMs, retryMaxMs: maxMs } = settings;
    const patience = { clock, random, firstMs, maxMs, signal: this.#over.signal };
    const hasSetupLog = await tellSetup(door, job, this.#setup, patience);
    return { kind: 'failed', error: startupFailed(message, job.id, hasSetupLog) };
  }

  /** Models first, since from the release on another worker may have the slot and the GPU with it. */
  async #leave(): Promise<void> {
    const { door, clock, random, settings, log } = this.#deps;
    await this.#models.close();
    await this.#lease?.stop();
    const { retryFirstMs: firstMs, retryMaxMs: maxMs, releasePatienceMs } = settings;
    const patience = { clock, random, firstMs, maxMs, untilMs: clock.nowMs() + releasePatienceMs };
    try {
      await releaseSlot(door, this.#loadMs, log, { ...patience, signal: this.#over.signal });
      log.info('released');
    } catch (error) {
      log.error('the slot could not be released', { reason: (error as Error).message });
    }
  }

  #patience(untilMs: number): Patience {
    const { clock, random, settings } = this.#deps;
    return {
      clock,
      random,
      firstMs: settings.retryFirstMs,
      maxMs: settings.retryMaxMs,
      untilMs,
      signal: this.#leaving,
    };
  }
}
