import { CloudEvent, HTTP } from 'cloudevents';
import type { Due } from '../domain/ports.ts';
import { EVENT_TYPES } from './events.ts';

/** Sweep's call with ids as the request that carries it: a CloudEvent to a function that takes events, plain JSON to one that does not. */
export function encodeDue<F extends keyof Due>(
  to: F,
  ids: Due[F],
): { readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  if (to === 'deliver-webhook') return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(ids) };
  const { headers, body } = HTTP.binary(
    new CloudEvent({ type: EVENT_TYPES.due, source: '//slipway/sweep', data: ids }),
  );
  return { headers: headers as Record<string, string>, body: body as string };
}
