import type { Asked, Call, CallOf } from './call.ts';
import { BrokenError } from './fault.ts';
import type { Invocation } from './invocation.ts';
import type { Process } from './process.ts';

/** A call that waits for its turn, for its effect, or for its answer. */
export interface Pending {
  readonly process: Process;
  readonly asked: Asked<unknown>;
  readonly invocation: Invocation | null;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  call: Call | null;
  isAnswered: boolean;
  /** Whether its caller has gone on with the answer. */
  isTold: boolean;
  callOff: () => void;
  /** For `late`: how many sweeps there had been, and the answer to a read. */
  sweeps: number;
  ready: Settled | null;
}

export type Settled = { readonly value: unknown } | { readonly error: unknown };

/** What the effect of a call sees of it. */
export const ofCall = ({ call, invocation }: Pending): CallOf => ({ number: call?.number ?? 0, invocation });

/** How a promise ended; never throws. */
export async function settled(promise: Promise<unknown>): Promise<Settled> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}

/** An answer, for the trace. */
export function inWords(outcome: Settled): string {
  if (!('error' in outcome)) return 'ok';
  const { error } = outcome;
  return error instanceof BrokenError || !(error instanceof Error) ? String(error) : `${error.name}: ${error.message}`;
}
