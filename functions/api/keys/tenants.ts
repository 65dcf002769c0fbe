import type { z } from 'zod';
import { NO_LIMITS, TenantId, type Tenant } from '../../../domain/contract/tenant.ts';
import { ListTenantsQuery, PutTenantRequest, type TenantResource } from '../../../domain/contract/tenant-api.ts';
import { RequestError } from '../../../domain/errors.ts';
import { create, refs, update, type Snapshot } from '../../../domain/ports.ts';
import type { ApiDeps } from '../../deps.ts';
import type { Answer } from '../../http/answer.ts';
import { parseAs, parseQuery } from '../../http/parse.ts';
import { parseStrictJson } from '../../http/strict-json.ts';
import { decideAgain } from '../../steps/again.ts';
import { fillPlacesSoon } from '../../steps/places.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { Call } from '../route.ts';

const toResource = ({
  id,
  title,
  accounts,
  limits = NO_LIMITS,
  eventsTopic = false,
  createdAtMs,
}: Tenant): TenantResource => ({
  id,
  title,
  accounts,
  limits,
  eventsTopic,
  createdAt: new Date(createdAtMs).toISOString(),
});

const unknown = (id: string): RequestError =>
  new RequestError('not_found', `There is no tenant ${JSON.stringify(id.slice(0, 64))}.`);

/** The tenant of the path. @throws RequestError not_found */
export async function tenantOf(deps: ApiDeps, call: Call): Promise<Snapshot<Tenant>> {
  const id = call.params['tenant'] ?? '';
  const read = TenantId.safeParse(id).success ? await deps.store.get(refs.tenant(id)) : null;
  if (read === null) throw unknown(id);
  return read;
}

/** `PUT /v1/tenants/{tenant}`: makes it, or gives it what a tenant has anew. @throws RequestError invalid_input, not_found */
export async function putTenant(deps: ApiDeps, call: Call): Promise<Answer> {
  const id = call.params['tenant'] ?? '';
  if (!TenantId.safeParse(id).success) throw unknown(id);
  const body: z.infer<typeof PutTenantRequest> = parseAs(PutTenantRequest, parseStrictJson(call.body), 'invalid_input');
  return decideAgain(async () => {
    const read = await deps.store.get(refs.tenant(id));
    const patch = { title: body.title, accounts: body.accounts, limits: body.limits, eventsTopic: body.eventsTopic };
    const tenant: Tenant = {
      ...(read?.data ?? { schema: 1, id, keyChanges: 0, createdAtMs: deps.clock.nowMs() }),
      ...patch,
    };
    await deps.store.commit([read === null ? create(refs.tenant(id), tenant) : update(refs.tenant(id), read, patch)]);
    // More of them may run from now on.
    if (read !== null) await fillPlacesSoon(deps, id);
    return { status: read === null ? 201 : 200, body: toResource(tenant) };
  });
}

/** `GET /v1/tenants/{tenant}`. @throws RequestError not_found */
export async function getTenant(deps: ApiDeps, call: Call): Promise<Answer> {
  return { status: 200, body: toResource((await tenantOf(deps, call)).data) };
}

/** `GET /v1/tenants`: by id. @throws RequestError invalid_request */
export async function listTenants(deps: ApiDeps, call: Call): Promise<Answer> {
  const { limit, cursor } = parseQuery(ListTenantsQuery, call.query);
  const after = cursor === undefined ? {} : { after: decodeCursor(cursor, 'tenants') };
  const page = await deps.store.query('allTenants', { schema: 1 }, { limit, ...after });
  return {
    status: 200,
    body: {
      items: page.items.map(({ data }) => toResource(data)),
      next: page.next === null ? null : encodeCursor(page.next),
    },
  };
}
