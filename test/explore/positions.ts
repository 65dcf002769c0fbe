import { numberOf, SteppingRun, type ActorCode, type Answer, type Call, type Ended } from './stepping-store.ts';

/**
 * Where an actor's code stands after certain answers: what it waits for, or how it ended. The real code is run once for
 * each position; from then on the position is known, whatever the rest of the world looked like.
 */
export interface Position {
  readonly id: number;
  readonly code: ActorCode;
  readonly calls: ReadonlyMap<number, Call>;
  readonly ended: Ended | null;
  readonly from: { readonly position: Position; readonly step: Step } | null;
  readonly startMs: number;
  /** The answers so far as a set: of calls made at once it is explored what each reads, not which resolves first. */
  readonly answered: readonly number[];
  readonly next: Map<string, Position>;
  /** The run that stands exactly here, until somebody takes it further. */
  run: SteppingRun | null;
}

interface Step {
  readonly call: number;
  readonly answer: Answer;
  readonly nowMs: number;
}

/** Every position reached so far. */
export class Positions {
  readonly #known = new Map<string, Position>();
  #runs = 0;

  /** How many positions there are, and how often the code was started to find them. */
  get counts(): { readonly positions: number; readonly runs: number } {
    return { positions: this.#known.size, runs: this.#runs };
  }

  start(code: ActorCode, nowMs: number): Position | Promise<Position> {
    const key = `${code.key} @${nowMs}`;
    return this.#known.get(key) ?? this.#first(code, nowMs, key);
  }

  /** The position after one more answer. */
  after(position: Position, step: Step): Position | Promise<Position> {
    const name = `${step.call} ${step.answer.text} @${step.nowMs}`;
    const known = position.next.get(name);
    if (known !== undefined) return known;
    const answered = [...position.answered, numberOf(name)].sort((a, b) => a - b);
    const key = keyOf(position.code, position.startMs, answered);
    const met = this.#known.get(key);
    if (met === undefined) return this.#further(position, step, answered, key, name);
    position.next.set(name, met);
    return met;
  }

  async #first(code: ActorCode, nowMs: number, key: string): Promise<Position> {
    this.#runs += 1;
    const run = new SteppingRun(code, nowMs, key);
    await drained();
    return this.#add(key, run, { code, startMs: nowMs, answered: [], from: null });
  }

  async #further(
    position: Position,
    step: Step,
    answered: readonly number[],
    key: string,
    name: string,
  ): Promise<Position> {
    const run = position.run ?? (await this.#again(position));
    position.run = null;
    run.answer(step.call, step.answer, step.nowMs, key);
    await drained();
    const { code, startMs } = position;
    const next = this.#add(key, run, { code, startMs, answered, from: { position, step } });
    position.next.set(name, next);
    return next;
  }

  /** Runs the code from its start to a position it has been at before. */
  async #again(position: Position): Promise<SteppingRun> {
    this.#runs += 1;
    const way: Position[] = [];
    for (let at = position; at.from !== null; at = at.from.position) way.unshift(at);
    const { code, startMs } = position;
    const run = new SteppingRun(code, startMs, `${code.key} @${startMs}`);
    for (const { from, answered } of way) {
      if (from === null) continue;
      await drained();
      run.answer(from.step.call, from.step.answer, from.step.nowMs, keyOf(code, startMs, answered));
    }
    await drained();
    const same = [...run.parked.keys()].sort().join() === [...position.calls.keys()].sort().join();
    if (!same) throw new Error(`${code.key} is not deterministic: the same answers led it elsewhere`);
    return run;
  }

  #add(key: string, run: SteppingRun, rest: Pick<Position, 'code' | 'startMs' | 'answered' | 'from'>): Position {
    const calls = new Map([...run.parked].map(([number, parked]) => [number, parked.call]));
    if (run.ended === null && calls.size === 0) throw new Error(`${rest.code.key} waits for no port`);
    const position = { ...rest, id: this.#known.size, calls, ended: run.ended, next: new Map<string, Position>(), run };
    this.#known.set(key, position);
    return position;
  }
}

const keyOf = (code: ActorCode, startMs: number, answered: readonly number[]): string =>
  `${code.key} @${startMs} ${answered.join()}`;

/** Resolves when the code has gone as far as it can: every microtask is done before an immediate is. */
const drained = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
