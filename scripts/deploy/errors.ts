/** Why a deployment does not go on, with what to do about it: for the person at the terminal. */
export class DeployError extends Error {
  override readonly name: string = 'DeployError';
}

/** What was asked for cannot be meant: nothing has been looked at yet. */
export class UsageError extends DeployError {
  override readonly name = 'UsageError';
}

/** Ended by whoever started it. */
export class Interrupted extends DeployError {
  override readonly name = 'Interrupted';
}
