import { createHash } from 'node:crypto';
import { isConflict } from '../../domain/errors.ts';
import { create, refs } from '../../domain/ports.ts';
import type { Deps } from '../deps.ts';

const EXCERPT_BYTES = 1_024;

/** A message that no retry would make sense of. */
export interface Rejected {
  readonly function: string;
  readonly source: string;
  readonly eventId: string;
  readonly type: string;
  readonly reason: string;
  readonly body: unknown;
}

/**
 * Records a message that will be acknowledged without being acted on: once, however often it comes.
 * @throws whatever the store fails with: then it must not be acknowledged
 */
export async function reject(deps: Pick<Deps, 'store' | 'clock' | 'log'>, rejected: Rejected): Promise<void> {
  const { body, ...said } = rejected;
  const id = createHash('sha256')
    .update(JSON.stringify([said.function, said.source, said.eventId]))
    .digest('hex');
  const bytes = body instanceof Uint8Array ? Buffer.from(body).subarray(0, EXCERPT_BYTES) : Buffer.alloc(0);
  const excerpt = bytes.toString('utf8');
  try {
    await deps.store.commit([create(refs.rejection(id), { schema: 1, ...said, excerpt, atMs: deps.clock.nowMs() })]);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
  deps.log.error('message rejected', { ...said, rejection: id });
}
