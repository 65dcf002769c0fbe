import { decodeDocumentPath } from '../eventarc/decode-document.ts';
import { decodeIds, decodeMessage, parseEventPath, parsePurgePath } from '../eventarc/decode.ts';
import { EVENT_TYPES } from '../eventarc/events.ts';
import type { SettleDeps } from './deps.ts';
import { eventHandler } from './events/event-handler.ts';
import type { ServedFunction } from './served-function.ts';
import { doEach } from './steps/each.ts';
import { purgeJob, purgeRejection } from './steps/purge.ts';
import { removeFile } from './steps/remove-file.ts';
import { settleEvent } from './steps/settle.ts';

/** How what is kept no longer goes, by its collection. */
const PURGES = {
  jobs: (deps: SettleDeps, id: string) => purgeJob(deps, id),
  files: removeFile,
  rejections: purgeRejection,
} as const;

/**
 * `functions/on-job-event`: a created event document is settled; its own message goes on with one that was too much for one
 * answer; sweep's call brings the paths of those still open, and of what is kept no longer.
 */
export function onJobEvent(deps: SettleDeps): ServedFunction {
  const settle = async (path: unknown, beginByMs?: number): Promise<void> => {
    const { jobId, seq } = parseEventPath(path);
    await settleEvent(deps, jobId, seq, beginByMs);
  };
  const purge = async (path: string): Promise<void> => {
    const { collection, id } = parsePurgePath(path);
    await PURGES[collection](deps, id);
  };
  const handler = eventHandler(deps, 'on-job-event', async ({ type, data, ...attributes }, beginByMs) => {
    switch (type) {
      case EVENT_TYPES.due: {
        const { events, purges } = decodeIds(data, ['events', 'purges']);
        await doEach(deps, events, (path) => settle(path));
        return doEach(deps, purges, purge);
      }
      case EVENT_TYPES.message:
        return settle(decodeMessage(data)['event'], beginByMs);
      default:
        return settle(decodeDocumentPath(data, attributes['document']), beginByMs);
    }
  });
  return { kind: 'cloudEvent', handler };
}
