import type { CloudEvent } from 'cloudevents';
import { PoisonEventError } from '../domain/errors.ts';
import type { Due } from '../domain/ports.ts';
import { decodeEventPath, EVENT_TYPES } from '../eventarc/events.ts';
import type { Deps } from './deps.ts';
import { doEach } from './steps/each.ts';
import { settleEvent } from './steps/settle.ts';

/** `functions/on-job-event`: a created event document is settled; sweep's call brings the paths of those still open. */
export function onJobEvent(deps: Deps): (event: CloudEvent<unknown>) => Promise<void> {
  return async (event) => {
    const paths = event.type === EVENT_TYPES.due ? (event.data as Due['on-job-event']).events : [event['document']];
    if (!Array.isArray(paths)) throw new PoisonEventError('no list of events');
    await doEach(deps, paths.map(String), async (path) => {
      const { jobId, seq } = decodeEventPath(path);
      await settleEvent(deps, jobId, seq);
    });
  };
}
