import { NO_LIMITS, TenantId, type Tenant, type TenantLimits } from '../../../domain/contract/tenant.ts';
import { ListTenantsQuery, PutTenantRequest, type TenantResource } from '../../../domain/contract/tenant-api.ts';
import { RequestError } from '../../../domain/errors.ts';
import { letsMoreRun } from '../../../domain/place.policy.ts';
import { create, refs, update, type Snapshot } from '../../../domain/ports.ts';
import type { ApiDeps } from '../../deps.ts';
import type { Answer } from '../../http/answer.ts';
import { parseAs, parseQuery } from '../../http/parse.ts';
import { parseStrictJson } from '../../http/strict-json.ts';
import { decideAgain } from '../../steps/again.ts';
import { fillMarked } from '../../steps/places.ts';
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

/** @throws RequestError invalid_input */
export function checkId(id: string): void {
  const [issue] = TenantId.safeParse(id).error?.issues ?? [];
  if (issue === undefined) return;
  const message = `must begin with a letter and have ${issue.message}`;
  throw new RequestError('invalid_input', `The id of a tenant ${message}.`, [{ field: 'tenant', message }]);
}

/**
 * `PUT /v1/tenants/{tenant}`: makes it, or changes of what a tenant has what is given.
 * @throws RequestError invalid_input
 */
export async function putTenant(deps: ApiDeps, call: Call): Promise<Answer> {
  const id = call.params['tenant'] ?? '';
  checkId(id);
  const body: PutTenantRequest = parseAs(PutTenantRequest, parseStrictJson(call.body), 'invalid_input');
  const { answer, isMarked } = await decideAgain(async () => {
    const read = await deps.store.get(refs.tenant(id));
    const before = read?.data.limits ?? NO_LIMITS;
    const changes = patchOf(body, before);
    const patch = { ...changes, ...(letsMoreRun(before, changes.limits ?? before) ? { fill: true } : {}) };
    const tenant: Tenant = read === null ? newTenant(id, patch, deps.clock.nowMs()) : { ...read.data, ...patch };
    await deps.store.commit([read === null ? create(refs.tenant(id), tenant) : update(refs.tenant(id), read, patch)]);
    return { answer: { status: read === null ? 201 : 200, body: toResource(tenant) }, isMarked: tenant.fill === true };
  });
  if (isMarked) await fillNow(deps, id);
  return answer;
}

/** As far as the time of an answer goes. Never throws: the mark stands until it is done, and sweep hands it on. */
async function fillNow(deps: ApiDeps, tenant: string): Promise<void> {
  try {
    await fillMarked(deps, tenant, deps.clock.nowMs() + deps.settings.beginForMs);
  } catch (error) {
    deps.log.error('places not filled; sweep will have it done', { tenant, error: String(error) });
  }
}

/** The fields that a request changes, and no other. */
function patchOf({ title, accounts, limits, eventsTopic }: PutTenantRequest, before: TenantLimits): Partial<Tenant> {
  const { running = before.running, queued = before.queued } = limits ?? {};
  return {
    ...(title === undefined ? {} : { title }),
    ...(accounts === undefined ? {} : { accounts: [...new Set(accounts)] }),
    ...(eventsTopic === undefined ? {} : { eventsTopic }),
    ...(limits === undefined ? {} : { limits: { running, queued } }),
  };
}

/** @throws RequestError invalid_input */
export function newTenant(id: string, { title, ...given }: Partial<Tenant>, nowMs: number): Tenant {
  if (title !== undefined) return { schema: 1, id, title, accounts: [], keyChanges: 0, createdAtMs: nowMs, ...given };
  const message = 'is needed for a new tenant';
  throw new RequestError('invalid_input', `/title: ${message}.`, [{ field: '/title', message }]);
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
