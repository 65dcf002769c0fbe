import type { RenewReply } from '../domain/contract/door.ts';
import type { Clock, Log } from '../domain/ports.ts';
import { SessionRefusedError } from './door-errors.ts';

export interface LeaseOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly renew: () => Promise<RenewReply>;
  readonly renewEveryMs: number;
  readonly abandonAfterMs: number;
  /** When the request began that made the lease good. */
  readonly goodSinceMs: number;
  readonly onReply: (reply: RenewReply) => void;
  /** Called at most once: the slot was handed on, or it must be taken for handed on. */
  readonly onEnd: (why: 'refused' | 'abandoned') => void;
}

/**
 * Renews the session's lease in the background, and gives it up when that has not worked for too long: no process may work
 * a slot that another may have by now. Time counts from the START of the last good renewal, since the store dates it no
 * earlier. Other calls that renew in passing are not counted: a repeated one may be answered without renewing anything.
 */
export class Lease {
  readonly #options: LeaseOptions;
  #goodSinceMs: number;
  #callOffRenewal = (): void => undefined;
  #callOffAbandon = (): void => undefined;
  #inFlight: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#goodSinceMs = options.goodSinceMs;
  }

  start(): void {
    this.#watch();
    this.#renewAt(this.#goodSinceMs + this.#options.renewEveryMs);
  }

  /** Ends the renewals and the rule; resolves once no renewal is under way, which a release might otherwise collide with. */
  async stop(): Promise<void> {
    this.#end();
    await this.#inFlight;
  }

  #end(): void {
    this.#stopped = true;
    this.#callOffRenewal();
    this.#callOffAbandon();
  }

  #watch(): void {
    const { clock, abandonAfterMs } = this.#options;
    this.#callOffAbandon();
    this.#callOffAbandon = clock.after(this.#goodSinceMs + abandonAfterMs - clock.nowMs(), () =>
      this.#over('abandoned'),
    );
  }

  #renewAt(atMs: number): void {
    const { clock } = this.#options;
    this.#callOffRenewal = clock.after(Math.max(0, atMs - clock.nowMs()), () => {
      this.#inFlight = this.#renew();
    });
  }

  async #renew(): Promise<void> {
    const { clock, log, renew, renewEveryMs, abandonAfterMs, onReply } = this.#options;
    const beganMs = clock.nowMs();
    // A machine that slept finds its timers late: look at the clock before anything else.
    if (beganMs - this.#goodSinceMs >= abandonAfterMs) return this.#over('abandoned');
    try {
      const reply = await renew();
      if (this.#stopped) return;
      this.#goodSinceMs = beganMs;
      this.#watch();
      this.#renewAt(beganMs + renewEveryMs);
      onReply(reply);
    } catch (error) {
      if (this.#stopped) return;
      if (error instanceof SessionRefusedError) return this.#over('refused');
      log.error('a renewal failed', { reason: (error as Error).message });
      // Sooner than the next is due: only few periods fit between a good renewal and giving up.
      this.#renewAt(Math.max(beganMs, clock.nowMs()) + renewEveryMs / 5);
    }
  }

  #over(why: 'refused' | 'abandoned'): void {
    if (this.#stopped) return;
    this.#end();
    this.#options.onEnd(why);
  }
}
