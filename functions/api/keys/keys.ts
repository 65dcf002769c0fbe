import type { MadeKey } from '../../../domain/contract/tenant.ts';
import { CreateKeyRequest, type KeyResource, type NewKeyResource } from '../../../domain/contract/tenant-api.ts';
import { RequestError } from '../../../domain/errors.ts';
import type { Ref } from '../../../domain/ports.ts';
import type { ApiDeps } from '../../deps.ts';
import type { Answer } from '../../http/answer.ts';
import { parseAs } from '../../http/parse.ts';
import { parseStrictJson } from '../../http/strict-json.ts';
import type { Call } from '../route.ts';
import { madeKeysOf, makeKey } from './make-key.ts';
import { tenantOf } from './tenants.ts';

const toResource = ({ id, tenant, name, scopes, createdAtMs, endsAtMs }: MadeKey): KeyResource => ({
  id,
  tenant,
  name,
  scopes,
  createdAt: new Date(createdAtMs).toISOString(),
  endsAt: endsAtMs === undefined ? null : new Date(endsAtMs).toISOString(),
});

/**
 * `POST /v1/tenants/{tenant}/keys`: the only answer that shows the key.
 * @throws RequestError invalid_input, not_found, too_many_keys
 */
export async function createKey(deps: ApiDeps, call: Call): Promise<Answer> {
  const asked: CreateKeyRequest = parseAs(CreateKeyRequest, parseStrictJson(call.body), 'invalid_input');
  const { key, text } = await makeKey(deps, () => tenantOf(deps, call), asked);
  const body: NewKeyResource = { ...toResource(key), key: text };
  return { status: 201, body };
}

/** `GET /v1/tenants/{tenant}/keys`: oldest first. @throws RequestError not_found */
export async function listKeys(deps: ApiDeps, call: Call): Promise<Answer> {
  const { id } = (await tenantOf(deps, call)).data;
  return { status: 200, body: { items: (await madeKeysOf(deps, id)).map(({ data }) => toResource(data)) } };
}

/**
 * `DELETE /v1/tenants/{tenant}/keys/{key}`: an instance that has just taken it goes on doing so for a minute.
 * @throws RequestError not_found
 */
export async function deleteKey(deps: ApiDeps, call: Call): Promise<Answer> {
  const tenant = await tenantOf(deps, call);
  const id = call.params['key'] ?? '';
  const found = (await madeKeysOf(deps, tenant.data.id)).find(({ data }) => data.id === id);
  if (found === undefined) {
    throw new RequestError('not_found', `${tenant.data.id} has no key ${JSON.stringify(id.slice(0, 64))}.`);
  }
  const ref: Ref<'keys'> = { collection: 'keys', path: found.path };
  await deps.store.commit([{ kind: 'delete', ref }]);
  return { status: 204 };
}
