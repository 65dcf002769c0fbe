import type { ServerResponse } from 'node:http';
import { RequestError } from '../../domain/errors.ts';
import type { Deps } from '../deps.ts';
import { httpHandler, type FunctionRequest } from '../http/answer.ts';
import { admissionOf } from './admission.ts';

/** `functions/api`: the HTTPS interface `/v1`, for requests that its guard has let in. */
export function api(deps: Deps): (request: FunctionRequest, response: ServerResponse) => Promise<void> {
  return httpHandler(deps.log, async (request, gone) => {
    const admission = admissionOf(request);
    if (admission === null) throw new RequestError('unauthenticated', 'This request has not passed the guard.');
    const { tenant, match } = admission;
    return match.route.handle(deps, {
      tenant,
      params: match.params,
      query: match.query,
      headers: request.headers,
      body: request.rawBody ?? new Uint8Array(),
      gone,
    });
  });
}
