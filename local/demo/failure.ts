/** Why the demo did not succeed, in one sentence that a person can act on. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure';
}

/** The whole demo took longer than it may. */
export class DemoTimeout extends DemoFailure {}

/** The person at the terminal ended it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: NodeJS.Signals;
  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}
