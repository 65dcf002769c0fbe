import type { Edge, JobEvent } from '../../domain/contract/job.ts';
import type { Slot } from '../../domain/contract/slot.ts';
import { refs, slotId, type Ref, type Snapshot, type Store } from '../../domain/ports.ts';
import { systemRandom } from '../../host/random.ts';

/** A name that no other test uses. */
export const fresh = (): string => systemRandom.id();

/** A free slot and its address. */
export function aSlot(queue = fresh(), index = 0, fields: Partial<Slot> = {}): { ref: Ref<'slots'>; data: Slot } {
  const data: Slot = {
    schema: 1,
    queue,
    index,
    state: 'free',
    fence: 0,
    ticketHash: null,
    sessionHash: null,
    execution: null,
    jobs: [],
    claims: 0,
    renewals: 0,
    bootFailures: 0,
    reservedAtMs: null,
    readyAtMs: null,
    loadMs: null,
    lastFinishAtMs: null,
    ...fields,
  };
  return { ref: refs.slot(slotId(queue, index)), data };
}

export const anEdge = (parent: string, child: string): { ref: Ref<'edges'>; data: Edge } => ({
  ref: refs.edge(parent, child),
  data: { schema: 1, parent, child },
});

export function anEvent(jobId: string, seq: number): { ref: Ref<'events'>; data: JobEvent } {
  const data: JobEvent = {
    schema: 1,
    jobId,
    tenant: 'local',
    seq,
    from: null,
    to: 'queued',
    attempt: 0,
    reason: null,
    error: null,
    open: true,
    atMs: 1,
  };
  return { ref: refs.event(jobId, seq), data };
}

/** The slot as it is, which must be there. */
export async function readSlot(store: Store, ref: Ref<'slots'>): Promise<Snapshot<Slot>> {
  const read = await store.get(ref);
  if (read === null) throw new Error(`${ref.path} is missing`);
  return read;
}
