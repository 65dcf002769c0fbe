import { createHash } from 'node:crypto';
import type { Rejection } from '../../domain/contract/rejection.ts';
import { isConflict } from '../../domain/errors.ts';
import { create, refs } from '../../domain/ports.ts';
import type { Deps } from '../deps.ts';

const EXCERPT_BYTES = 1_024;

/** A message that no retry would make sense of. */
export type Rejected = Pick<
  Rejection,
  'function' | 'source' | 'eventId' | 'type' | 'reason' | 'excerpt' | 'tenant' | 'code' | 'errors' | 'idempotencyKey'
>;

/** The id of a message's rejection: the same at each redelivery. */
export const rejectionId = (said: Pick<Rejected, 'function' | 'source' | 'eventId'>): string =>
  createHash('sha256')
    .update(JSON.stringify([said.function, said.source, said.eventId]))
    .digest('hex');

/** The beginning of a message that parts of our own have sent, as text. */
export const excerptOf = (body: unknown): string =>
  body instanceof Uint8Array ? Buffer.from(body).subarray(0, EXCERPT_BYTES).toString('utf8') : '';

/**
 * Records a message that will be acknowledged without being acted on: once, however often it comes.
 * @throws whatever the store fails with: then it must not be acknowledged
 */
export async function reject(deps: Pick<Deps, 'store' | 'clock' | 'log'>, rejected: Rejected): Promise<void> {
  const { function: name, source, eventId, type, reason, code, tenant } = rejected;
  const id = rejectionId(rejected);
  try {
    await deps.store.commit([create(refs.rejection(id), { ...rejected, schema: 1, atMs: deps.clock.nowMs() })]);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
  const more = { ...(code === undefined ? {} : { code }), ...(tenant === undefined ? {} : { tenant }) };
  deps.log.error('message rejected', { function: name, source, eventId, type, reason, ...more, rejection: id });
}
