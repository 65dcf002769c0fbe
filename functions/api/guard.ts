import type { IncomingMessage } from 'node:http';
import { RequestError } from '../../domain/errors.ts';
import type { Deps } from '../deps.ts';
import { checkBodyHeaders, type Guard } from '../http/guard.ts';
import { admit } from './admission.ts';
import { authenticator, type Caller } from './authenticate.ts';
import type { ApiRoute } from './route.ts';
import { matchRoute } from './router.ts';
import { API_ROUTES } from './routes.ts';

/**
 * The guard of `api`: which operation, whose request, whether its key may do that, and whether its body may come, all from the
 * headers.
 */
export function apiGuard(deps: Pick<Deps, 'store' | 'clock' | 'settings'>): Guard {
  const authenticate = authenticator(deps);
  return async (request) => {
    const match = matchRoute(API_ROUTES, request.method ?? '', request.url ?? '');
    const caller = await authenticate(request);
    checkScope(match.route, caller);
    const isRequired = match.route.body !== undefined;
    checkBodyHeaders(request, { maxBytes: deps.settings.maxBodyBytes, isRequired });
    if (isRequired) checkJson(request);
    admit(request, { caller, match });
  };
}

function checkScope({ scope }: ApiRoute, { scopes }: Caller): void {
  if (scopes.includes(scope)) return;
  throw new RequestError('forbidden', `This needs a key of scope ${scope}; yours has ${scopes.join(' and ')}.`);
}

function checkJson({ headers }: IncomingMessage): void {
  const type = (headers['content-type'] ?? '').toLowerCase();
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/.test(type)) {
    throw new RequestError('unsupported_media_type', 'Send the body as "Content-Type: application/json", in UTF-8.');
  }
}
