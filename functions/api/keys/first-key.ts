import { Scope, type MadeKey, type Tenant } from '../../../domain/contract/tenant.ts';
import { isConflict, RequestError } from '../../../domain/errors.ts';
import { create, refs, type Snapshot } from '../../../domain/ports.ts';
import type { ApiDeps } from '../../deps.ts';
import { isLive } from './key-text.ts';
import { keysOf, makeKey } from './make-key.ts';
import { checkId, newTenant } from './tenants.ts';

/** What the key is called: the next one that is made by hand takes over from it. */
const NAME = 'operator';

/**
 * A key that may do everything, for whom there is no key yet to ask for one with; its tenant is made where it is not there.
 * @param options.another makes one more where a living key of the tenant may do everything already
 * @throws RequestError invalid_input, forbidden, too_many_keys
 */
export async function makeFirstKey(
  deps: Pick<ApiDeps, 'store' | 'clock' | 'random'>,
  tenant: string,
  { another }: { readonly another: boolean },
): Promise<{ readonly key: MadeKey; readonly text: string }> {
  checkId(tenant);
  const tenantNow = async (): Promise<Snapshot<Tenant>> => {
    const read = await ensuredTenant(deps, tenant);
    if (!another) await checkNoAdmin(deps, tenant);
    return read;
  };
  return makeKey(deps, tenantNow, { name: NAME, scopes: [...Scope.options] });
}

async function ensuredTenant(
  { store, clock }: Pick<ApiDeps, 'store' | 'clock'>,
  id: string,
): Promise<Snapshot<Tenant>> {
  const known = await store.get(refs.tenant(id));
  if (known !== null) return known;
  try {
    await store.commit([create(refs.tenant(id), newTenant(id, { title: id }, clock.nowMs()))]);
  } catch (error) {
    // Somebody else has made it in between.
    if (!isConflict(error)) throw error;
  }
  return ensuredTenant({ store, clock }, id);
}

async function checkNoAdmin({ store, clock }: Pick<ApiDeps, 'store' | 'clock'>, tenant: string): Promise<void> {
  const admins = (await keysOf({ store }, tenant)).filter(
    ({ data }) => data.scopes?.includes('admin') === true && isLive(data, clock.nowMs()),
  );
  if (admins.length === 0) return;
  const which = admins.map(({ data }) => data.id ?? 'one without an id').join(' and ');
  throw new RequestError(
    'forbidden',
    `${tenant} has a key of scope admin already (${which}). Use it, or say --another.`,
  );
}
