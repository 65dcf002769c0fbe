import type { Key, MadeKey, Tenant } from '../../../domain/contract/tenant.ts';
import type { CreateKeyRequest } from '../../../domain/contract/tenant-api.ts';
import { RequestError } from '../../../domain/errors.ts';
import { create, refs, update, type Snapshot } from '../../../domain/ports.ts';
import { SECOND } from '../../../domain/time.ts';
import type { ApiDeps } from '../../deps.ts';
import { decideAgain } from '../../steps/again.ts';
import { pagesOf } from '../../steps/pages.ts';
import { hashOf, isLive, newKey } from './key-text.ts';

/** Keys of one name that may live at a time: the one in use, and the one that takes over from it. */
const LIVE_OF_ONE_NAME = 2;
/** All keys of a tenant, the ended ones not yet deleted included. */
const MOST_KEYS = 200;
const KEYS_A_PAGE = 100;

/** One that a person chose for one machine has no id, and is not shown. */
const isMade = (read: Snapshot<Key>): read is Snapshot<MadeKey> => read.data.id !== undefined;

/** All keys of a tenant, oldest first. */
export async function keysOf({ store }: Pick<ApiDeps, 'store'>, tenant: string): Promise<readonly Snapshot<Key>[]> {
  const keys: Snapshot<Key>[] = [];
  const pages = pagesOf((options) => store.query('keysOfTenant', { tenant }, options), KEYS_A_PAGE);
  for await (const { items } of pages) keys.push(...items);
  return keys;
}

/** The keys of a tenant that were made here, oldest first. */
export async function madeKeysOf(deps: Pick<ApiDeps, 'store'>, tenant: string): Promise<readonly Snapshot<MadeKey>[]> {
  return (await keysOf(deps, tenant)).filter(isMade);
}

/**
 * A new key of a tenant, stored as its hash. Two at once do not both count the keys before: each is a change of the tenant.
 * @param tenantNow reads the tenant, again after each lost race
 * @returns the document, and the text of the key, which nobody can be told again
 * @throws RequestError too_many_keys, and what `tenantNow` throws
 */
export async function makeKey(
  deps: Pick<ApiDeps, 'store' | 'clock' | 'random'>,
  tenantNow: () => Promise<Snapshot<Tenant>>,
  { name, scopes, endsInSeconds }: CreateKeyRequest,
): Promise<{ readonly key: MadeKey; readonly text: string }> {
  const { id, text } = newKey(deps.random);
  return decideAgain(async () => {
    const tenant = await tenantNow();
    const nowMs = deps.clock.nowMs();
    checkRoom(tenant.data.id, name, await keysOf(deps, tenant.data.id), nowMs);
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
    return { key, text };
  });
}

function checkRoom(tenant: string, name: string, keys: readonly Snapshot<Key>[], nowMs: number): void {
  const alike = keys.filter(isMade).filter(({ data }) => data.name === name && isLive(data, nowMs));
  if (alike.length >= LIVE_OF_ONE_NAME) {
    const which = alike.map(({ data }) => data.id).join(' and ');
    throw new RequestError(
      'too_many_keys',
      `${which} are keys of the name ${name}. Delete one that is not used any more.`,
    );
  }
  if (keys.length < MOST_KEYS) return;
  const detail = `${tenant} has ${keys.length} keys, ${MOST_KEYS} at most, ended ones included. Delete some.`;
  throw new RequestError('too_many_keys', detail);
}
