import { AsyncLocalStorage } from 'node:async_hooks';
import type { FunctionName } from '../../eventarc/routes.ts';
import type { Process } from './process.ts';

/** One request or event under way in an instance of a function: whose doing a call of a port is. */
export interface Invocation {
  readonly name: string;
  readonly function: FunctionName;
  readonly process: Process;
  /** Of a worker's request: the session it shows. */
  readonly session: { readonly slot: string; readonly fence: number } | null;
}

const current = new AsyncLocalStorage<Invocation>();

/** The invocation that this code runs for; null outside of any. */
export const currentInvocation = (): Invocation | null => current.getStore() ?? null;

/** Runs code for an invocation, whatever it waits for. */
export const runFor = <T>(invocation: Invocation, run: () => Promise<T>): Promise<T> => current.run(invocation, run);
