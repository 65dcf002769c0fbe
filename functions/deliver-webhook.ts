import { createHash } from 'node:crypto';
import { PoisonEventError } from '../domain/errors.ts';
import { decodeIds, decodeMessage, decodeObject } from '../eventarc/decode.ts';
import { deliver } from './deliver/deliver.ts';
import type { DeliverDeps } from './deps.ts';
import { reject } from './events/reject.ts';
import { httpHandler } from './http/answer.ts';
import type { ServedFunction } from './serve.ts';

/** How many deliveries of one call are under way at a time: each may wait for its receiver's whole timeout. */
const CONCURRENCY = 16;

/**
 * `functions/deliver-webhook`: a Pub/Sub push brings one delivery, sweep's call those that are due. What cannot be understood
 * is recorded and acknowledged, since the same bytes would come again.
 */
export function deliverWebhook(deps: DeliverDeps): ServedFunction {
  const handler = httpHandler(deps.log, async ({ rawBody }, gone) => {
    let ids: readonly string[];
    try {
      ids = idsIn(rawBody);
    } catch (error) {
      if (!(error instanceof PoisonEventError)) throw error;
      const eventId = createHash('sha256')
        .update(rawBody ?? '')
        .digest('hex');
      const said = { function: 'deliver-webhook', source: 'push', type: 'push', eventId };
      await reject(deps, { ...said, reason: error.message, body: rawBody });
      return { status: 204 };
    }
    await deliverAll(deps, ids, gone);
    return { status: 204 };
  });
  return { kind: 'http', handler };
}

/** @throws PoisonEventError */
function idsIn(body: Uint8Array | undefined): readonly string[] {
  const ids: readonly unknown[] =
    'message' in decodeObject(body) ? [decodeMessage(body)['delivery']] : decodeIds(body, ['ids']).ids;
  const isId = (id: unknown): id is string => typeof id === 'string' && /^[a-z0-9]+~\d+~[a-z0-9-]+$/.test(id);
  if (!ids.every(isId)) throw new PoisonEventError('what should be the id of a delivery is none');
  return ids;
}

/** One that fails does not keep the others; the call as a whole then fails, so that it is made again. */
async function deliverAll(deps: DeliverDeps, ids: readonly string[], gone: AbortSignal): Promise<void> {
  const left = [...new Set(ids)];
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      try {
        await deliver(deps, id, gone);
      } catch (error) {
        deps.log.error('delivery failed', { delivery: id, error: String(error) });
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  if (failures.length > 0) throw failures[0];
}
