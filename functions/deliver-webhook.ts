import { createHash } from 'node:crypto';
import { PoisonEventError } from '../domain/errors.ts';
import { decodeIds, decodeMessage, decodeObject, messageIdIn } from '../eventarc/decode.ts';
import { deliver } from './deliver/deliver.ts';
import type { DeliverDeps } from './deps.ts';
import { excerptOf, reject } from './events/reject.ts';
import { httpHandler } from './http/answer.ts';
import type { ServedFunction } from './served-function.ts';
import { doEach } from './steps/each.ts';

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
      // The body grows with each try: its envelope counts them.
      const eventId = messageIdIn(rawBody) ?? sha256(rawBody ?? '');
      const said = { function: 'deliver-webhook', source: 'push', type: 'push', eventId };
      await reject(deps, { ...said, reason: error.message, excerpt: excerptOf(rawBody) });
      return { status: 204 };
    }
    await doEach(deps, ids, (id) => deliver(deps, id, gone));
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

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
