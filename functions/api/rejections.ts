import { ListRejectionsQuery, type Rejection, type RejectionResource } from '../../domain/contract/rejection.ts';
import type { ApiDeps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import { parseQuery } from '../http/parse.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Call } from './route.ts';

/** `GET /v1/rejections`: the requests of the tenant's own topic that made no job, newest first. @throws RequestError invalid_request */
export async function listRejections(deps: ApiDeps, call: Call): Promise<Answer> {
  const { limit, cursor } = parseQuery(ListRejectionsQuery, call.query);
  const after = cursor === undefined ? {} : { after: decodeCursor(cursor, 'rejections') };
  const page = await deps.store.query('rejectionsOfTenant', { tenant: call.tenant }, { limit, ...after });
  return {
    status: 200,
    body: {
      items: page.items.map(({ path, data }) => toResource(path, data)),
      next: page.next === null ? null : encodeCursor(page.next),
    },
  };
}

const toResource = (path: string, rejection: Rejection): RejectionResource => ({
  id: path.slice(path.indexOf('/') + 1),
  message: rejection.eventId,
  code: rejection.code ?? 'invalid_request',
  reason: rejection.reason,
  errors: rejection.errors ?? [],
  idempotencyKey: rejection.idempotencyKey ?? null,
  excerpt: rejection.excerpt,
  at: new Date(rejection.atMs).toISOString(),
});
