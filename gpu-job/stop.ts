import type { Clock } from '../domain/ports.ts';

/** `lost`: the job is no longer this worker's, so nothing is to be finished. */
export type StopReason = 'cancel' | 'timeout' | 'preempted' | 'lost';

/** Ends one job's run: politely at first, hard once its grace is over. The first reason stands; a later request can only shorten the grace. */
export class Stop {
  readonly #clock: Clock;
  readonly #polite = new AbortController();
  readonly #hard = new AbortController();
  #reason: StopReason | null = null;
  #hardAtMs = Infinity;
  #callOff = (): void => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get reason(): StopReason | null {
    return this.#reason;
  }

  /** Aborted when the run should end: SIGTERM, or the connection dropped. */
  get polite(): AbortSignal {
    return this.#polite.signal;
  }

  /** Aborted when it must: SIGKILL. */
  get hard(): AbortSignal {
    return this.#hard.signal;
  }

  request(reason: StopReason, graceMs: number): void {
    const hardAtMs = this.#clock.nowMs() + graceMs;
    if (hardAtMs < this.#hardAtMs) {
      this.#hardAtMs = hardAtMs;
      this.#callOff();
      this.#callOff = this.#clock.after(graceMs, () => this.#hard.abort());
    }
    this.#reason ??= reason;
    this.#polite.abort();
  }

  /** The run is over: nothing is left to be killed. */
  close(): void {
    this.#callOff();
  }
}
