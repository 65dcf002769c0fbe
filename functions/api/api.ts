import { RequestError } from '../../domain/errors.ts';
import type { ApiDeps } from '../deps.ts';
import type { ServedFunction } from '../served-function.ts';
import { httpHandler } from '../http/answer.ts';
import { admissionOf } from './admission.ts';

/** `functions/api`: the HTTPS interface `/v1`, for requests that its guard has let in. */
export function api(deps: ApiDeps): ServedFunction {
  const handler = httpHandler(deps.log, async (request, gone) => {
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
