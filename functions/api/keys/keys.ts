import type { Key, MadeKey } from '../../../domain/contract/tenant.ts';
import { CreateKeyRequest, type KeyResource, type NewKeyResource } from '../../../domain/contract/tenant-api.ts';
import { RequestError } from '../../../domain/errors.ts';
import { create, refs, update, type Ref, type Snapshot } from '../../../domain/ports.ts';
import { SECOND } from '../../../domain/time.ts';
import type { ApiDeps } from '../../deps.ts';
import type { Answer } from '../../http/answer.ts';
import { parseAs } from '../../http/parse.ts';
import { parseStrictJson } from '../../http/strict-json.ts';
import { decideAgain } from '../../steps/again.ts';
import { hashOf, isLive } from '../authenticate.ts';
import type { Call } from '../route.ts';
import { newKey } from './key-text.ts';
import { tenantOf } from './tenants.ts';

/** Keys of one name that may live at a time: the one in use, and the one that takes over from it. */
const LIVE_OF_ONE_NAME = 2;
/** All keys of a tenant, the ended ones not yet deleted included. */
const MOST_KEYS = 200;

/** One that a person chose for one machine has no id, and is not shown. */
const isMade = (read: Snapshot<Key>): read is Snapshot<MadeKey> => read.data.id !== undefined;

const toResource = ({ id, tenant, name, scopes, createdAtMs, endsAtMs }: MadeKey): KeyResource => ({
  id,
  tenant,
  name,
  scopes,
  createdAt: new Date(createdAtMs).toISOString(),
  endsAt: endsAtMs === undefined ? null : new Date(endsAtMs).toISOString(),
});

async function keysOf({ store }: ApiDeps, tenant: string): Promise<readonly Snapshot<MadeKey>[]> {
  const { items } = await store.query('keysOfTenant', { tenant }, { limit: MOST_KEYS });
  return items.filter(isMade);
}

/**
 * `POST /v1/tenants/{tenant}/keys`: the only answer that shows the key.
 * @throws RequestError invalid_input, not_found, too_many_keys
 */
export async function createKey(deps: ApiDeps, call: Call): Promise<Answer> {
  const { name, scopes, endsInSeconds } = parseAs(CreateKeyRequest, parseStrictJson(call.body), 'invalid_input');
  const { id, text } = newKey(deps.random);
  return decideAgain(async () => {
    const tenant = await tenantOf(deps, call);
    const keys = await keysOf(deps, tenant.data.id);
    const nowMs = deps.clock.nowMs();
    const alike = keys.filter(({ data }) => data.name === name && isLive(data, nowMs));
    if (alike.length >= LIVE_OF_ONE_NAME || keys.length >= MOST_KEYS) {
      const which = alike.map(({ data }) => data.id).join(' and ');
      const why = which === '' ? `${tenant.data.id} has ${MOST_KEYS} keys` : `${which} are keys of the name ${name}`;
      throw new RequestError('too_many_keys', `${why}. Delete one that is not used any more.`);
    }
    const key: MadeKey = {
      schema: 1,
      tenant: tenant.data.id,
      id,
      name,
      scopes: [...new Set(scopes)],
      createdAtMs: nowMs,
      ...(endsInSeconds === undefined ? {} : { endsAtMs: nowMs + endsInSeconds * SECOND }),
    };
    await deps.store.commit([
      create(refs.key(hashOf(text)), key),
      update(refs.tenant(key.tenant), tenant, { keyChanges: tenant.data.keyChanges + 1 }),
    ]);
    const body: NewKeyResource = { ...toResource(key), key: text };
    return { status: 201, body };
  });
}

/** `GET /v1/tenants/{tenant}/keys`: oldest first. @throws RequestError not_found */
export async function listKeys(deps: ApiDeps, call: Call): Promise<Answer> {
  const { id } = (await tenantOf(deps, call)).data;
  return { status: 200, body: { items: (await keysOf(deps, id)).map(({ data }) => toResource(data)) } };
}

/**
 * `DELETE /v1/tenants/{tenant}/keys/{key}`: an instance that has just taken it goes on doing so for a minute.
 * @throws RequestError not_found
 */
export async function deleteKey(deps: ApiDeps, call: Call): Promise<Answer> {
  const tenant = await tenantOf(deps, call);
  const id = call.params['key'] ?? '';
  const found = (await keysOf(deps, tenant.data.id)).find(({ data }) => data.id === id);
  if (found === undefined) {
    throw new RequestError('not_found', `${tenant.data.id} has no key ${JSON.stringify(id.slice(0, 64))}.`);
  }
  const ref: Ref<'keys'> = { collection: 'keys', path: found.path };
  await deps.store.commit([{ kind: 'delete', ref }]);
  return { status: 204 };
}
