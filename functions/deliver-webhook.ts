import type { ServerResponse } from 'node:http';
import { PoisonEventError } from '../domain/errors.ts';
import { decodeMessage } from '../eventarc/events.ts';
import { deliver } from './deliver/deliver.ts';
import type { Deps } from './deps.ts';
import { httpHandler, type FunctionRequest } from './http/answer.ts';

/** How many deliveries of one call are under way at a time: each may wait for its receiver's whole timeout. */
const CONCURRENCY = 16;

/**
 * `functions/deliver-webhook`: a Pub/Sub push brings one delivery, sweep's call those that are due. What cannot be understood
 * is acknowledged and logged, since the same bytes would come again.
 */
export function deliverWebhook(deps: Deps): (request: FunctionRequest, response: ServerResponse) => Promise<void> {
  return httpHandler(deps.log, async (request, gone) => {
    let ids: readonly string[];
    try {
      ids = idsIn(request.body);
    } catch (error) {
      if (!(error instanceof PoisonEventError)) throw error;
      deps.log.error('push not understood', { error: error.message });
      return { status: 204 };
    }
    await deliverAll(deps, ids, gone);
    return { status: 204 };
  });
}

function idsIn(body: unknown): readonly string[] {
  if (typeof body !== 'object' || body === null) throw new PoisonEventError('the body is not a JSON object');
  const ids: unknown = 'message' in body ? [decodeMessage(body)['delivery']] : (body as { ids?: unknown }).ids;
  const isId = (id: unknown): boolean => typeof id === 'string' && /^[a-z0-9]+~\d+~[a-z0-9-]+$/.test(id);
  if (!Array.isArray(ids) || !ids.every(isId)) throw new PoisonEventError('no ids of deliveries');
  return ids as string[];
}

/** One that fails does not keep the others; the call as a whole then fails, so that it is made again. */
async function deliverAll(deps: Deps, ids: readonly string[], gone: AbortSignal): Promise<void> {
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
