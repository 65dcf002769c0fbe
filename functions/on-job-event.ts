import { PoisonEventError } from '../domain/errors.ts';
import { decodeDocumentPath, decodeIds, decodeMessage, parseEventPath } from '../eventarc/decode.ts';
import { EVENT_TYPES } from '../eventarc/events.ts';
import type { SettleDeps } from './deps.ts';
import { eventHandler } from './events/event-handler.ts';
import type { ServedFunction } from './serve.ts';
import { doEach } from './steps/each.ts';
import { settleEvent } from './steps/settle.ts';

/**
 * `functions/on-job-event`: a created event document is settled; its own message goes on with one that was too much for one
 * answer; sweep's call brings the paths of those still open.
 */
export function onJobEvent(deps: SettleDeps): ServedFunction {
  const settle = async (path: unknown, after: string | null): Promise<void> => {
    const { jobId, seq } = parseEventPath(path);
    await settleEvent(deps, jobId, seq, after);
  };
  const handler = eventHandler(deps, 'on-job-event', async ({ type, data, ...attributes }) => {
    switch (type) {
      case EVENT_TYPES.due:
        return doEach(deps, decodeIds(data, ['events']).events, (path) => settle(path, null));
      case EVENT_TYPES.message: {
        const { event, after } = decodeMessage(data);
        if (typeof after !== 'string') throw new PoisonEventError('the message does not say where to go on');
        return settle(event, after);
      }
      default:
        return settle(decodeDocumentPath(data, attributes['document']), null);
    }
  });
  return { kind: 'cloudEvent', handler };
}
