import {
  ArtifactRequest,
  ClaimRequest,
  FinishRequest,
  ReportRequest,
  SESSION_HEADER,
} from '../domain/contract/door.ts';
import { RequestError } from '../domain/errors.ts';
import type { DoorDeps } from './deps.ts';
import { httpHandler, type FunctionRequest } from './http/answer.ts';
import { parseAs, parseJson } from './http/parse.ts';
import type { ServedFunction } from './served-function.ts';
import { claim } from './worker/claim.ts';
import { finish, release, renew } from './worker/finish.ts';
import { ready } from './worker/ready.ts';
import { artifact, report } from './worker/report.ts';
import { parseSession } from './worker/session.ts';

/** `functions/worker`: the workers' only door. What they say stands in domain/contract/door.ts. */
export function worker(deps: DoorDeps): ServedFunction {
  const handler = httpHandler(deps.log, async (request, gone) => {
    return { status: 200, body: await answer(deps, request, gone) };
  });
  return { kind: 'http', handler };
}

async function answer(deps: DoorDeps, request: FunctionRequest, gone: AbortSignal): Promise<object> {
  const body = parseJson(request.rawBody);
  const path = request.url?.split('?')[0] ?? '';
  if (path === '/ready') return ready(deps, body);
  const header = request.headers[SESSION_HEADER];
  const session = parseSession(typeof header === 'string' ? header : undefined);
  switch (path) {
    case '/claim':
      return claim(deps, session, parseAs(ClaimRequest, body, 'invalid_input'), gone);
    case '/report':
      return report(deps, session, parseAs(ReportRequest, body, 'invalid_input'));
    case '/artifact':
      return artifact(deps, session, parseAs(ArtifactRequest, body, 'invalid_input'));
    case '/finish':
      return finish(deps, session, parseAs(FinishRequest, body, 'invalid_input'));
    case '/renew':
      return renew(deps, session);
    case '/release':
      return release(deps, session);
    default:
      throw new RequestError('not_found', `The door has no ${path}.`);
  }
}
