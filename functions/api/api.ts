import { RequestError } from '../../domain/errors.ts';
import type { ApiDeps } from '../deps.ts';
import type { ServedFunction } from '../served-function.ts';
import { httpHandler, type Answer } from '../http/answer.ts';
import type { StreamedAnswer } from '../http/stream.ts';
import { admissionOf, isPreflight, type Admission } from './admission.ts';
import { notingBus } from './last-publish.ts';
import type { OpenCall } from './route.ts';

/** What a browser is told that asks whether it may; that any origin may, the guard has said. */
const PREFLIGHT = {
  'access-control-allow-methods': 'GET',
  'access-control-allow-headers': 'authorization, prefer, last-event-id',
  'access-control-max-age': '7200',
};

/** `functions/api`: the HTTPS interface `/v1`, for requests that its guard has let in. */
export function api(given: ApiDeps): ServedFunction {
  const deps = { ...given, bus: notingBus(given.bus, given.clock) };
  const handler = httpHandler(deps.log, async (request, gone) => {
    if (isPreflight(request)) return { status: 204, headers: PREFLIGHT };
    const admission = admissionOf(request);
    if (admission === null) throw new RequestError('unauthenticated', 'This request has not passed the guard.');
    const { match } = admission;
    return answerTo(deps, admission, {
      params: match.params,
      query: match.query,
      headers: request.headers,
      body: request.rawBody ?? new Uint8Array(),
      gone,
    });
  });
  return { kind: 'http', handler };
}

async function answerTo(
  deps: ApiDeps,
  { caller, match: { route } }: Admission,
  call: Omit<OpenCall, 'scopes'>,
): Promise<Answer | StreamedAnswer> {
  if (route.scope === null) return route.handle(deps, { ...call, scopes: caller?.scopes ?? [] });
  if (caller === null) throw new RequestError('unauthenticated', 'This needs an API key.');
  return route.handle(deps, { ...call, ...caller });
}
