import type { Fault, Op } from './fault.ts';
import type { Invocation } from './invocation.ts';

/** A call as what it does sees it: its number, and for which invocation of a function it was made, if for any. */
export interface CallOf {
  readonly number: number;
  readonly invocation: Invocation | null;
}

/** A call as its port asks it of the conductor. */
export interface Asked<T> {
  readonly op: Op;
  /** What is asked, in a few words, for the trace. */
  readonly what: string;
  /** Path of the event that it is a step in the settling of, if of any: what closes it, what publishes for it, what counts it. */
  readonly settles?: string | undefined;
  /** Takes effect, and gives the answer. */
  readonly act: (of: CallOf) => Promise<T>;
  /** What the caller sees of a call that failed, in the words of its port. */
  readonly broken: (took: 'nothing' | 'effect') => Promise<T>;
  /** `misreport`, where the port has a wrong answer: what happens, and what the caller is told. */
  readonly misreport?: { readonly effect: () => void; readonly answer: () => Promise<T> };
  /** How long the caller waits for an answer that does not come; as long as it lives where there is none. */
  readonly patienceMs?: number;
  /** Others have to run before it is done: it is an invocation of a function. */
  readonly isLong?: boolean;
  /** Told when the caller has given up or is gone. */
  readonly hangUp?: () => void;
  /** What `crash-after` stops; the process that called unless it says so. */
  readonly crash?: () => void;
}

/** One call that was made, numbered in the order in which they came. */
export interface Call {
  readonly number: number;
  readonly atMs: number;
  readonly by: string;
  readonly op: Op;
  readonly what: string;
  readonly fault: Fault | null;
  answer: string;
}

/** What is done to which call, and what comes next where several things may. */
export interface Plan {
  faultAt(number: number, op: Op): Fault | null;
  /** Index of the next of so many calls that wait. */
  next(waiting: number): number;
  /** Whether time passes although there is something to do. */
  leaps(): boolean;
}
