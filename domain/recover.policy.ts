import type { Slot } from './contract/slot.ts';
import type { Snapshot } from './ports.ts';

export interface RecoverView {
  readonly slot: Pick<Snapshot<Slot>, 'data' | 'updatedAtMs' | 'readAtMs'>;
  readonly execution: 'running' | 'ended' | 'unknown';
  readonly leaseMs: number;
  readonly reservedMs: number;
  readonly startupTimeoutMs: number;
  /** Launches before this instant (store time) are dead for certain; null where no such instant is known. */
  readonly aliveSinceMs: number | null;
}

export type RecoverDecision =
  | { readonly kind: 'keep' }
  | {
      readonly kind: 'recover';
      readonly why: 'lease' | 'reserved' | 'startup' | 'ended' | 'former_boot' | 'unfinished';
    };

/**
 * Whether a slot's worker is to be given up. Only the store's own times are compared: the slot's last write against the read.
 * The last write IS the last renewal, since every accepted write of a worker renews.
 */
export function decideRecovery(view: RecoverView): RecoverDecision {
  const { data, updatedAtMs, readAtMs } = view.slot;
  const ageMs = readAtMs - updatedAtMs;
  if (data.state === 'free') return { kind: 'keep' };
  if (data.state === 'recovering') return { kind: 'recover', why: 'unfinished' };
  if (view.aliveSinceMs !== null && updatedAtMs < view.aliveSinceMs) return { kind: 'recover', why: 'former_boot' };
  if (view.execution === 'ended') return { kind: 'recover', why: 'ended' };
  switch (data.state) {
    case 'reserved':
      return ageMs > view.reservedMs ? { kind: 'recover', why: 'reserved' } : { kind: 'keep' };
    case 'starting':
      return ageMs > view.startupTimeoutMs ? { kind: 'recover', why: 'startup' } : { kind: 'keep' };
    case 'ready':
    case 'draining':
      return ageMs > view.leaseMs ? { kind: 'recover', why: 'lease' } : { kind: 'keep' };
  }
}
