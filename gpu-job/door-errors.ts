/** The slot is not this worker's (any more): it kills its runners and exits 0. */
export class SessionRefusedError extends Error {
  override readonly name = 'SessionRefusedError';
}

/** The door understood the call and will not do it; the same call would be answered alike. */
export class DoorRejectedError extends Error {
  override readonly name = 'DoorRejectedError';
  readonly status: number;
  constructor(call: string, status: number, detail: string) {
    super(`the door answered ${status} to ${call}: ${detail}`);
    this.status = status;
  }
}

/** No answer, or one that says "not now": the call may or may not have taken effect, and every call may be repeated. */
export class DoorFailure extends Error {
  override readonly name = 'DoorFailure';
  /** The door's answer; null where none came. */
  readonly status: number | null;
  constructor(message: string, status: number | null = null) {
    super(message);
    this.status = status;
  }
}

/** Whether the same call may well succeed a little later. */
export const isPassing = (error: unknown): boolean => error instanceof DoorFailure;
