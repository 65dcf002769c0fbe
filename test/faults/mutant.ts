import type { Fault } from './fault.ts';

/** One guard taken out of the real code, and the scenario and fault in which an invariant must be broken by that. */
export interface Mutant {
  readonly name: string;
  readonly scenario: string;
  readonly fault: Fault;
  readonly invariant: string;
  readonly patches: readonly { readonly file: string; readonly from: string; readonly to: string }[];
}

/** One place to change; the text must be there once. */
export const patch = (file: string, from: string, to: string): Mutant['patches'][number] => ({ file, from, to });
