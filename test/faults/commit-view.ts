import type { Change, Documents } from './documents.ts';
import type { Invocation } from './invocation.ts';

/** One accepted commit and what stands around it. */
export interface CommitView {
  readonly documents: Documents;
  readonly changes: readonly Change[];
  readonly by: Invocation | null;
  readonly nowMs: number;
  readonly leaseMs: number;
  readonly blobs: ReadonlyMap<string, number>;
  /** Jobs of the one tenant that may run at once. */
  readonly runningLimit: number | null;
  readonly maxOf: (queue: string) => number;
  /** Whether the process of this execution is there. */
  readonly lives: (execution: string) => boolean;
}
