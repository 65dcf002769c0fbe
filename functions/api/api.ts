import { RequestError } from '../../domain/errors.ts';
import type { ApiDeps } from '../deps.ts';
import type { ServedFunction } from '../served-function.ts';
import { httpHandler, type Answer } from '../http/answer.ts';
import type { StreamedAnswer } from '../http/stream.ts';
import { admissionOf, isPreflight, type Admission } from './admission.ts';
import { notingBus } from './last-publish.ts';
import type { OpenCall } from './route.ts';

/** What shows one job may be read by a page of any origin: no cookie is looked at, so that nobody's browser lends its rights. */
const ANY_ORIGIN = { 'access-control-allow-origin': '*' };
const PREFLIGHT = {
  ...ANY_ORIGIN,
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
    const answer = await answerTo(deps, admission, {
      params: match.params,
      query: match.query,
      headers: request.headers,
      body: request.rawBody ?? new Uint8Array(),
      gone,
    });
    return match.route.showsJob === true ? { ...answer, headers: { ...answer.headers, ...ANY_ORIGIN } } : answer;
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
