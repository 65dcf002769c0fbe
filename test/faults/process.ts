import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../../domain/ports.ts';

/** Something that can stop between any two steps: an instance of a function, an execution, a client. */
export class Process {
  readonly name: string;
  #isAlive = true;
  #isPaused = false;
  readonly #onEnd = new Set<() => void>();
  #onResume: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Stops for good: none of its code goes on, and whoever waits for it is told. */
  end(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    for (const tell of [...this.#onEnd]) tell();
    this.#onEnd.clear();
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Stands still, as a machine does that gets no time: nothing of it goes on until it is resumed. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const waiting = this.#onResume;
    this.#onResume = [];
    for (const goOn of waiting) goOn();
  }

  /** Does it now, or when the process goes on; never, once it has ended. */
  whenRunning(what: () => void): void {
    if (this.#isPaused) this.#onResume.push(() => this.whenRunning(what));
    else if (this.#isAlive) what();
  }

  /** Returns the undo. */
  onEnd(tell: () => void): () => void {
    this.#onEnd.add(tell);
    return () => this.#onEnd.delete(tell);
  }

  /** The clock as this process has it: its timers go with it. */
  clockOf(clock: Clock): Clock {
    return {
      nowMs: () => clock.nowMs(),
      after: (ms, fn) => {
        // What the timer sets going goes on where it was set, not where the time happened to be put forward.
        const bound = AsyncLocalStorage.bind(fn);
        if (!this.#isAlive) return () => undefined;
        const stop = (): void => {
          callOff();
          undo();
        };
        // A machine's clock knows whole milliseconds.
        const callOff = clock.after(Math.ceil(ms), () => {
          undo();
          this.whenRunning(bound);
        });
        const undo = this.onEnd(() => callOff());
        return stop;
      },
    };
  }
}
