import type { IncomingMessage } from 'node:http';
import type { Scope } from '../../domain/contract/tenant.ts';
import { RequestError } from '../../domain/errors.ts';
import type { Deps } from '../deps.ts';
import { checkBodyHeaders, type Guard } from '../http/guard.ts';
import { parameterError } from '../http/parse.ts';
import { admit, admitPreflight } from './admission.ts';
import { authenticator, type Caller, type KeyRules } from './authenticate.ts';
import { isReadToken } from './read-token.ts';
import { isJobShownAt, matchRoute, type RouteMatch } from './router.ts';
import { API_ROUTES } from './routes.ts';

/**
 * What shows one job, and why it does not, may be read by a page of any origin: no cookie is looked at, so that nobody's browser
 * lends its rights.
 */
const ANY_ORIGIN = [
  ['access-control-allow-origin', '*'],
  ['access-control-expose-headers', 'retry-after, preference-applied'],
] as const;

/**
 * The guard of `api`: which operation, whose request, whether its key may do that, and whether its body may come, all from the
 * headers.
 */
export function apiGuard(
  deps: Pick<Deps, 'store' | 'clock' | 'settings' | 'secrets' | 'idTokens'>,
  rules: KeyRules,
): Guard {
  const authenticate = authenticator(deps, rules);
  const callerOf = async (match: RouteMatch, request: IncomingMessage): Promise<Caller | null> => {
    const { scope } = match.route;
    const token = tokenInQuery(match);
    if (scope === null) return request.headers.authorization === undefined ? null : anyone(() => authenticate(request));
    const caller = await authenticate(request, token);
    checkScope(match, scope, caller);
    return caller;
  };
  return async (request, response) => {
    if (isJobShownAt(API_ROUTES, request.url ?? '')) {
      for (const [name, value] of ANY_ORIGIN) response.setHeader(name, value);
    }
    if (request.method === 'OPTIONS') {
      const { route } = matchRoute(
        API_ROUTES,
        String(request.headers['access-control-request-method']),
        request.url ?? '',
      );
      checkBodyHeaders(request, { maxBytes: 0, isRequired: false });
      if (route.showsJob === true) return admitPreflight(request);
    }
    const match = matchRoute(API_ROUTES, request.method ?? '', request.url ?? '');
    const caller = await callerOf(match, request);
    const { body, isBodyOptional } = match.route;
    const isRequired = body !== undefined && isBodyOptional !== true;
    checkBodyHeaders(request, { maxBytes: deps.settings.maxBodyBytes, isRequired });
    const isSent = Number(request.headers['content-length'] ?? 0) > 0;
    if (isRequired || (body !== undefined && isSent)) checkJson(request);
    admit(request, { caller, match });
  };
}

/**
 * A browser's EventSource can send no header, so a read token, and nothing else, may stand in the address, which logs keep.
 * @throws RequestError invalid_request
 */
function tokenInQuery({ route, query }: RouteMatch): string | null {
  const [token, another] = query.getAll('token');
  if (token === undefined) return null;
  if (route.showsJob !== true || another !== undefined || !isReadToken(token)) {
    throw parameterError(
      'token',
      'must be one read token of the job that is read; no key belongs in an address, where logs keep it',
    );
  }
  query.delete('token');
  return token;
}

/** Whose key it is; null where that cannot be found out now: what needs no key is answered without the store too. */
async function anyone(authenticated: () => Promise<Caller>): Promise<Caller | null> {
  try {
    const caller = await authenticated();
    return caller.job === undefined ? caller : null;
  } catch (error) {
    if (error instanceof RequestError) throw error;
    return null;
  }
}

function checkScope({ route: { showsJob }, params }: RouteMatch, scope: Scope, { scopes, job }: Caller): void {
  if (job !== undefined && (showsJob !== true || params['id'] !== job)) {
    throw new RequestError('forbidden', 'A read token shows the one job that it was made for, and does nothing else.');
  }
  if (scopes.includes(scope)) return;
  throw new RequestError('forbidden', `This needs a key of scope ${scope}; yours has ${scopes.join(' and ')}.`);
}

function checkJson({ headers }: IncomingMessage): void {
  const type = (headers['content-type'] ?? '').toLowerCase();
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/.test(type)) {
    throw new RequestError('unsupported_media_type', 'Send the body as "Content-Type: application/json", in UTF-8.');
  }
}
