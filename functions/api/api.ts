import { RequestError } from '../../domain/errors.ts';
import type { ApiDeps } from '../deps.ts';
import type { ServedFunction } from '../served-function.ts';
import { httpHandler } from '../http/answer.ts';
import { admissionOf, isPreflight } from './admission.ts';

/** What a browser is told that asks whether it may; that any origin may, the guard has said. */
const PREFLIGHT = {
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
    return match.route.handle(deps, {
      ...caller,
      params: match.params,
      query: match.query,
      headers: request.headers,
      body: request.rawBody ?? new Uint8Array(),
      gone,
    });
  });
  return { kind: 'http', handler };
}
