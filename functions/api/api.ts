import { RequestError } from '../../domain/errors.ts';
import type { ApiDeps } from '../deps.ts';
import type { ServedFunction } from '../served-function.ts';
import { httpHandler } from '../http/answer.ts';
import { admissionOf, isPreflight } from './admission.ts';

/** What shows one job may be read by a page of any origin: no cookie is looked at, so that nobody's browser lends its rights. */
const ANY_ORIGIN = { 'access-control-allow-origin': '*' };
const PREFLIGHT = {
  ...ANY_ORIGIN,
  'access-control-allow-methods': 'GET',
  'access-control-allow-headers': 'authorization, prefer, last-event-id',
  'access-control-max-age': '7200',
};

/** `functions/api`: the HTTPS interface `/v1`, for requests that its guard has let in. */
export function api(deps: ApiDeps): ServedFunction {
  const handler = httpHandler(deps.log, async (request, gone) => {
    if (isPreflight(request)) return { status: 204, headers: PREFLIGHT };
    const admission = admissionOf(request);
    if (admission === null) throw new RequestError('unauthenticated', 'This request has not passed the guard.');
    const { caller, match } = admission;
    const answer = await match.route.handle(deps, {
      ...caller,
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
