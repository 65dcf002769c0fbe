import { CloudEvent, HTTP } from 'cloudevents';
import type { Calls, Due } from '../domain/ports.ts';
import { EVENT_TYPES } from '../eventarc/events.ts';
import type { FunctionAddress } from './bus.ts';

/**
 * Sweep's calls with ids: a CloudEvent where the function is one that takes events, plain JSON where it is not.
 * @param addressOf asked at each call, since functions start after what calls them
 */
export function httpCalls(addressOf: (name: keyof Due) => FunctionAddress): Calls {
  return {
    async due(to, ids) {
      const { url, token } = addressOf(to);
      const message =
        to === 'deliver-webhook'
          ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(ids) }
          : HTTP.binary(new CloudEvent({ type: EVENT_TYPES.due, source: '//slipway/sweep', data: ids }));
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...(message.headers as Record<string, string>), authorization: `Bearer ${token}` },
        body: message.body as string,
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`${to} answered ${response.status} to sweep`);
    },
  };
}
