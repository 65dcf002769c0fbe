import type { CloudEvent } from 'cloudevents';
import { PoisonEventError } from '../../domain/errors.ts';
import type { FunctionName } from '../../eventarc/routes.ts';
import type { Deps } from '../deps.ts';
import { excerptOf, reject } from './reject.ts';

/**
 * An event handler that acknowledges what it must not be sent again: what cannot be understood, which is recorded, and what
 * is too old to matter, since sweep has long done its work. Everything else that fails is sent again.
 * @param handle is told until when it may begin further rounds of what it does
 */
export function eventHandler(
  deps: Pick<Deps, 'store' | 'clock' | 'log' | 'settings'>,
  name: FunctionName,
  handle: (event: CloudEvent<unknown>, beginByMs: number) => Promise<void>,
): (event: CloudEvent<unknown>) => Promise<void> {
  return async (event) => {
    const cameAtMs = deps.clock.nowMs();
    const ageMs = cameAtMs - Date.parse(String(event.time));
    if (ageMs > deps.settings.maxEventAgeMs) {
      deps.log.info('event dropped for its age', { function: name, event: event.id, type: event.type, ageMs });
      return;
    }
    try {
      await handle(event, cameAtMs + deps.settings.beginForMs);
    } catch (error) {
      if (!(error instanceof PoisonEventError)) throw error;
      const { id: eventId, source, type, data } = event;
      await reject(deps, { function: name, source, eventId, type, reason: error.message, excerpt: excerptOf(data) });
    }
  };
}
