import type { ManualClock } from '../local/manual-clock.ts';
import type { Asked, Call, Plan } from './call.ts';
import { isHurtful, isRead, type Fault, type Op } from './fault.ts';
import { currentInvocation, type Invocation } from './invocation.ts';
import { inWords, ofCall, settled, type Pending, type Settled } from './pending.ts';
import type { Process } from './process.ts';

/** More in one run means that something goes on for ever. */
const MOST_CALLS = 5_000;
/** A call that is held back takes as long as so many others. */
const HELD_CALLS = 10;
/** Sweeps after which what is `late` arrives. */
const LATE_SWEEPS = 2;

/**
 * Lets one call happen at a time, each when it is its turn: every port of every process asks here, so that a run is a list of
 * numbered calls, the same each time, and any of them can be broken.
 */
export class Conductor {
  readonly calls: Call[] = [];
  /** Calls that settle an event, as they were asked for. */
  readonly steps: Pending[] = [];
  readonly #clock: ManualClock;
  readonly #plan: Plan;
  readonly #isOver: () => boolean;
  readonly #callMs: number;
  #pending: Pending[] = [];
  #delayed: Pending[] = [];
  #late: Pending[] = [];
  #sweeps = 0;
  #isFaulty = true;
  #isHurt = false;

  /**
   * @param isOver asked before each step: whether something was found and the rest does not matter
   * @param callMs how long each call takes
   */
  constructor(clock: ManualClock, plan: Plan, isOver: () => boolean, callMs: number) {
    this.#clock = clock;
    this.#plan = plan;
    this.#isOver = isOver;
    this.#callMs = callMs;
  }

  /** Whether there were more calls than any run needs: something goes on for ever. */
  get isEndless(): boolean {
    return this.calls.length > MOST_CALLS;
  }

  get hasLate(): boolean {
    return this.#late.length > 0;
  }

  /** Whether anything has happened so far that can make a call fail. */
  get isHurt(): boolean {
    return this.#isHurt;
  }

  /** From here on nothing more goes wrong. */
  heal(): void {
    this.#isFaulty = false;
  }

  call<T>(process: Process, asked: Asked<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!process.isAlive) return;
      const pending: Pending = {
        process,
        asked,
        invocation: currentInvocation(),
        resolve: resolve as (value: unknown) => void,
        reject,
        call: null,
        isAnswered: false,
        isTold: false,
        callOff: () => undefined,
        sweeps: 0,
        ready: null,
      };
      this.#pending.push(pending);
      if (asked.settles !== undefined) this.steps.push(pending);
    });
  }

  /** A call that is answered at once, since its port is not async: numbered like any other, but carried out by the caller. */
  note(process: Process, op: Op, what: string): Fault | null {
    const call = this.#number(process, currentInvocation(), op, what);
    call.answer = 'ok';
    return call.fault;
  }

  /** Runs whatever can run without time passing. */
  async settle(): Promise<void> {
    for (;;) {
      // All microtasks first: whoever was answered comes to its next call.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#isOver() || this.isEndless) return;
      if (this.#pending.length > 0 && this.#plan.leaps()) this.#leap();
      const [next] = this.#pending.splice(this.#plan.next(this.#pending.length), 1);
      if (next !== undefined) {
        this.#pass(1);
        await this.#take(next);
        continue;
      }
      const delayed = this.#delayed.shift();
      if (delayed === undefined) return;
      this.#pass(HELD_CALLS);
      await this.#perform(delayed);
    }
  }

  /** Runs whatever can run, and lets time pass for it, until nothing is left to wait for before `untilMs`. */
  async run(untilMs: number): Promise<void> {
    await this.settle();
    for (;;) {
      const nextMs = this.#nextMs();
      if (this.#isOver() || this.isEndless || nextMs === null || nextMs > untilMs) break;
      this.#clock.set(nextMs);
      await this.settle();
    }
    // A leap may have gone further.
    if (Number.isFinite(untilMs)) this.#clock.set(Math.max(untilMs, this.#clock.nowMs()));
  }

  /** A sweep is over: what is `late` may be due. */
  swept(): void {
    this.#sweeps += 1;
    const due = this.#late.filter(({ sweeps }) => this.#sweeps >= sweeps + LATE_SWEEPS);
    this.#late = this.#late.filter((pending) => !due.includes(pending));
    for (const pending of due) {
      pending.callOff();
      if (pending.ready === null) this.#delayed.push(pending);
      else {
        this.#answer(pending, pending.ready);
        pending.process.resume();
      }
    }
  }

  #nextMs(): number | null {
    const [soonest] = this.#clock.timers();
    return soonest === undefined ? null : this.#clock.nowMs() + soonest;
  }

  /** The time that so many calls take. */
  #pass(calls: number): void {
    if (this.#callMs > 0) this.#clock.set(this.#clock.nowMs() + calls * this.#callMs);
  }

  #leap(): void {
    const nextMs = this.#nextMs();
    if (nextMs === null) return;
    // It may be somebody's patience that is over.
    this.#isHurt = true;
    this.#clock.set(nextMs);
  }

  #number(process: Process, invocation: Invocation | null, op: Op, what: string): Call {
    const number = this.calls.length + 1;
    const fault = this.#isFaulty ? this.#plan.faultAt(number, op) : null;
    const call: Call = {
      number,
      atMs: this.#clock.nowMs(),
      by: invocation?.name ?? process.name,
      op,
      what,
      fault,
      answer: '',
    };
    this.calls.push(call);
    this.#isHurt ||= isHurtful(fault);
    return call;
  }

  async #take(pending: Pending): Promise<void> {
    const { process, invocation, asked } = pending;
    if (!process.isAlive) return;
    if (process.isPaused) return process.whenRunning(() => this.#pending.push(pending));
    const call = this.#number(process, invocation, asked.op, asked.what);
    pending.call = call;
    switch (call.fault) {
      case 'delay':
        call.answer = 'is held back';
        this.#delayed.push(pending);
        return;
      case 'late':
        return this.#takeLate(pending);
      case 'fail-before':
        return this.#answer(pending, await settled(asked.broken('nothing')));
      case 'repeat':
        return this.#takeTwice(pending);
      case 'misreport':
        return this.#takeAndMisreport(pending);
      case 'succeed-then-error':
      case 'crash-after':
      case 'duplicate':
      case null:
        return this.#perform(pending);
    }
  }

  /** A commit is repeated by the store's client, which tells of the second; everything else by whoever carries it, unasked. */
  async #takeTwice(pending: Pending): Promise<void> {
    const { asked } = pending;
    if (asked.op !== 'store.commit') {
      this.#delayed.push({ ...pending, isAnswered: true });
      return this.#perform(pending);
    }
    await settled(asked.act(ofCall(pending)));
    this.#delayed.push(pending);
  }

  /** The wrong answer comes when whatever was started has begun. */
  async #takeAndMisreport(pending: Pending): Promise<void> {
    const { asked } = pending;
    const { effect, answer } = asked.misreport ?? { effect: () => undefined, answer: () => asked.broken('nothing') };
    effect();
    this.#delayed.push({ ...pending, asked: { ...asked, act: answer } });
  }

  async #takeLate(pending: Pending): Promise<void> {
    const { process, asked, call } = pending;
    if (call !== null) call.answer = 'is on its way for minutes';
    pending.sweeps = this.#sweeps;
    this.#late.push(pending);
    if (!isRead(asked.op)) return this.#wait(pending);
    pending.ready = await settled(asked.act(ofCall(pending)));
    process.pause();
  }

  /** The caller's patience, and whether it still lives, while it waits. */
  #wait(pending: Pending): void {
    const { process, asked } = pending;
    const giveUp = async (): Promise<void> => this.#answer(pending, await settled(asked.broken('effect')));
    const undoEnd = process.onEnd(() => {
      pending.callOff();
      asked.hangUp?.();
    });
    const undoTimer =
      asked.patienceMs === undefined
        ? (): void => undefined
        : this.#clock.after(asked.patienceMs, () => {
            void giveUp();
            asked.hangUp?.();
          });
    pending.callOff = () => {
      undoEnd();
      undoTimer();
    };
  }

  async #perform(pending: Pending): Promise<void> {
    const { asked } = pending;
    if (asked.isLong !== true) return this.#act(pending);
    if (!pending.isAnswered && pending.process.isAlive) this.#wait(pending);
    void this.#act(pending);
  }

  async #act(pending: Pending): Promise<void> {
    const { process, asked, call } = pending;
    const fault = call?.fault ?? null;
    const act = (): Promise<Settled> => settled(asked.act(ofCall(pending)));
    let outcome: Settled;
    if (fault !== 'duplicate') outcome = await act();
    else if (asked.isLong !== true) outcome = (await act(), await act());
    else [, outcome] = await Promise.all([act(), act()]);
    if (fault === 'crash-after') {
      if (call !== null) call.answer = 'done; then it crashes';
      (asked.crash ?? (() => process.end()))();
    }
    if (fault === 'succeed-then-error' || fault === 'crash-after') outcome = await settled(asked.broken('effect'));
    this.#answer(pending, outcome);
  }

  #answer(pending: Pending, outcome: Settled): void {
    const { process, call } = pending;
    if (pending.isAnswered || !process.isAlive) return;
    pending.isAnswered = true;
    pending.callOff();
    if (call !== null) call.answer = inWords(outcome);
    process.whenRunning(() => {
      pending.isTold = true;
      if ('error' in outcome) pending.reject(outcome.error);
      else pending.resolve(outcome.value);
    });
  }
}
