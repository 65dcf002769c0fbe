import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Scope } from '../domain/contract/tenant.ts';
import { create, refs, update, type Store, type Write } from '../domain/ports.ts';
import { isConflict } from '../domain/errors.ts';

/**
 * Lets exactly this key in for `tenant`, to do everything: one that an earlier start let in and this one does not name is let in
 * no more. Only the key's hash is stored.
 * @param file where the hash is remembered between starts
 */
export async function admitOnly(
  store: Store,
  file: string,
  apiKey: string,
  tenant: string,
  nowMs: number,
): Promise<void> {
  const hash = createHash('sha256').update(apiKey).digest('hex');
  const former = await readFile(file, 'utf8').catch(() => null);
  if (former !== null && former !== hash) await store.commit([{ kind: 'delete', ref: refs.key(former) }]);
  await writeFile(file, hash, { mode: 0o600 });
  const its = { schema: 1, createdAtMs: nowMs } as const;
  await unlessThere(
    store,
    create(refs.tenant(tenant), { ...its, id: tenant, title: 'This machine', accounts: [], keyChanges: 0 }),
  );
  await unlessThere(store, create(refs.key(hash), { ...its, tenant, scopes: Scope.options }));
  // Builds of before stored it without scopes.
  const read = await store.get(refs.key(hash));
  if (read !== null && !Scope.options.every((scope) => read.data.scopes?.includes(scope))) {
    await store.commit([update(refs.key(hash), read, { scopes: Scope.options })]);
  }
}

async function unlessThere(store: Store, write: Write): Promise<void> {
  try {
    await store.commit([write]);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}
