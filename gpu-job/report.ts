import type { FinishRequest, LogLine, ReportReply, ReportRequest } from '../domain/contract/door.ts';
import type { Clock, Log } from '../domain/ports.ts';
import { DoorRejectedError, isPassing, SessionRefusedError } from './door-errors.ts';
import type { Hide } from './hide.ts';
import { PendingLines } from './pending-lines.ts';
import type { Sink } from './runners/runner.ts';

type Unanswered = Pick<FinishRequest, 'logSeq' | 'setupSeq'>;
type Line = LogLine;

const MAX_MESSAGE = 500;
const MAX_METRICS = 100;
/** News that comes together is sent together. */
const GATHER_MS = 50;
/** Reports that the last flush may take. */
const LAST_REPORTS = 10;

export interface ReporterOptions {
  readonly job: string;
  readonly attempt: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly send: (report: ReportRequest) => Promise<ReportReply>;
  readonly everyMs: number;
  readonly quietEveryMs: number;
  readonly hide: Hide;
  readonly maxPendingLines: number;
  readonly maxPendingBytes: number;
  /** What was said while the models started and no job has told yet: it goes with this one. */
  readonly setup: PendingLines;
  readonly onCancel: () => void;
  /** The job is not this worker's any more. */
  readonly onLost: () => void;
  readonly onRefused: (error: SessionRefusedError) => void;
}

/**
 * Gathers what a run says and sends it, at most one report each `everyMs`: the newest progress, the metrics that changed,
 * and log lines in numbered chunks. A chunk that got no answer is sent again, the same under the same number. Lines that come faster
 * than they can be sent are dropped, oldest first, and a line says so. The job's secrets are hidden in all of it.
 */
export class Reporter implements Sink {
  readonly #options: ReporterOptions;
  readonly #metrics = new Map<string, number>();
  #changed = new Map<string, number>();
  #fraction: number | null = null;
  #message: string | null = null;
  #progressIsNew = false;
  readonly #lines: PendingLines;
  #chunk: Line[] = [];
  #seq = 0;
  #setup: Line[] = [];
  #setupSeq = 0;
  #unanswered: Unanswered = {};
  #lastSentMs: number;
  #sending: Promise<void> | null = null;
  #callOff = (): void => undefined;
  #timerAtMs = Infinity;
  #over = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#lastSentMs = options.clock.nowMs() - options.everyMs;
    const { maxPendingLines: maxLines, maxPendingBytes: maxBytes } = options;
    this.#lines = new PendingLines(
      { maxLines, maxBytes, why: 'they came faster than they could be stored' },
      options.clock,
    );
    this.#schedule(options.clock.nowMs() + options.quietEveryMs);
    if (this.#isNews) this.#wake();
  }

  /** Whether there is, or will be, any of the models' start in this job's log. */
  get hasSetup(): boolean {
    return this.#setupSeq > 0 || this.#setup.length > 0 || !this.#options.setup.isEmpty;
  }

  /** All metrics so far. */
  get metrics(): Record<string, number> {
    return Object.fromEntries(this.#metrics);
  }

  /** The numbers of chunks that were sent and have had no answer: nobody knows whether, or when, they are stored. */
  get unanswered(): Unanswered {
    return this.#unanswered;
  }

  /** A fraction lower than the last is not shown, unless it is 0: then the model began something anew. */
  progress(fraction: number | null, message: string | null): void {
    const shown = this.#fraction ?? 0;
    if (fraction !== null) {
      const clamped = Math.min(1, Math.max(0, fraction));
      this.#fraction = clamped === 0 ? 0 : Math.max(shown, clamped);
    }
    this.#message = (message === null ? null : this.#options.hide(message).slice(0, MAX_MESSAGE)) ?? this.#message;
    this.#progressIsNew = true;
    this.#wake();
  }

  metric(given: string, value: number): void {
    const name = this.#options.hide(given);
    if (!Number.isFinite(value)) return this.log('stderr', `[slipway: metric ${name} is no finite number]`);
    if (this.#metrics.size >= MAX_METRICS && !this.#metrics.has(name)) return;
    this.#metrics.set(name, value);
    this.#changed.set(name, value);
    this.#wake();
  }

  log(stream: 'stdout' | 'stderr', text: string): void {
    this.#lines.add(stream, this.#options.hide(text));
    this.#wake();
  }

  /** The run is over: sends what is left, as far as the door takes it. */
  async flush(): Promise<void> {
    this.#over = true;
    this.#callOff();
    await this.#sending;
    for (let left = LAST_REPORTS; left > 0 && this.#isNews; left -= 1) {
      if (!(await this.#send())) return;
    }
  }

  /** Nothing more is sent. What is left of the setup log is the next job's to tell. */
  close(): void {
    this.#over = true;
    this.#callOff();
    this.#options.setup.putBack(this.#setup);
    this.#setup = [];
  }

  get #isNews(): boolean {
    const isSaid = !this.#lines.isEmpty || this.#chunk.length > 0;
    const isSetup = !this.#options.setup.isEmpty || this.#setup.length > 0;
    return this.#progressIsNew || this.#changed.size > 0 || isSaid || isSetup;
  }

  #wake(): void {
    const nowMs = this.#options.clock.nowMs();
    this.#schedule(Math.max(nowMs + GATHER_MS, this.#lastSentMs + this.#options.everyMs));
  }

  #schedule(atMs: number): void {
    if (this.#over || this.#sending !== null || atMs >= this.#timerAtMs) return;
    this.#callOff();
    this.#timerAtMs = atMs;
    this.#callOff = this.#options.clock.after(Math.max(0, atMs - this.#options.clock.nowMs()), () => {
      this.#timerAtMs = Infinity;
      this.#sending = this.#send().then(() => {
        this.#sending = null;
        if (this.#isNews) this.#wake();
        else this.#schedule(this.#lastSentMs + this.#options.quietEveryMs);
      });
    });
  }

  /** Returns whether the door took it. */
  async #send(): Promise<boolean> {
    const { job, attempt, clock, log, send, onCancel, onLost, onRefused } = this.#options;
    this.#lastSentMs = clock.nowMs();
    if (this.#chunk.length === 0) this.#chunk = this.#lines.cut();
    if (this.#setup.length === 0) this.#setup = this.#options.setup.cut();
    const metrics = this.#changed;
    this.#changed = new Map();
    const progress = this.#progressIsNew ? { fraction: this.#fraction, message: this.#message } : null;
    this.#progressIsNew = false;
    this.#unanswered = {
      ...(this.#chunk.length === 0 ? {} : { logSeq: this.#seq }),
      ...(this.#setup.length === 0 ? {} : { setupSeq: this.#setupSeq }),
    };
    try {
      const reply = await send({
        job,
        attempt,
        progress,
        metrics: Object.fromEntries(metrics),
        logSeq: this.#seq,
        logs: this.#chunk,
        ...(this.#setup.length === 0 ? {} : { setup: { seq: this.#setupSeq, lines: this.#setup } }),
      });
      this.#next();
      if (reply.cancel) onCancel();
      return true;
    } catch (error) {
      if (error instanceof SessionRefusedError) onRefused(error);
      else if (isPassing(error)) {
        this.#progressIsNew ||= progress !== null;
        this.#changed = new Map([...metrics, ...this.#changed]);
      } else {
        log.error('a report was rejected', { job, attempt, reason: (error as Error).message });
        if (error instanceof DoorRejectedError && error.status === 404) {
          this.#nextChunk();
          onLost();
        } else this.#next();
      }
      return false;
    }
  }

  /** Of the setup log nothing is lost with the job: `close` puts it back. */
  #nextChunk(): void {
    if (this.#chunk.length > 0) this.#seq += 1;
    this.#chunk = [];
    this.#unanswered = {};
  }

  #next(): void {
    this.#nextChunk();
    if (this.#setup.length > 0) this.#setupSeq += 1;
    this.#setup = [];
  }
}
