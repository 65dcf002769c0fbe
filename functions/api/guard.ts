import type { IncomingMessage } from 'node:http';
import { RequestError } from '../../domain/errors.ts';
import type { Deps } from '../deps.ts';
import { checkBodyHeaders, type Guard } from '../http/guard.ts';
import { admit } from './admission.ts';
import { authenticator } from './authenticate.ts';
import { matchRoute } from './router.ts';
import { API_ROUTES } from './routes.ts';

/**
 * The guard of `api`: which operation, whose request, and whether its body may come, all from the headers.
 */
export function apiGuard(deps: Pick<Deps, 'store' | 'clock' | 'settings'>): Guard {
  const authenticate = authenticator(deps);
  return async (request) => {
    const match = matchRoute(API_ROUTES, request.method ?? '', request.url ?? '');
    const tenant = await authenticate(request);
    const isRequired = match.route.body !== undefined;
    checkBodyHeaders(request, { maxBytes: deps.settings.maxBodyBytes, isRequired });
    if (isRequired) checkJson(request);
    admit(request, { tenant, match });
  };
}

function checkJson({ headers }: IncomingMessage): void {
  const type = (headers['content-type'] ?? '').toLowerCase();
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/.test(type)) {
    throw new RequestError('unsupported_media_type', 'Send the body as "Content-Type: application/json", in UTF-8.');
  }
}
