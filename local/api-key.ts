import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { create, refs, type Store } from '../domain/ports.ts';
import { isConflict } from '../domain/errors.ts';

/**
 * Lets exactly this key in for `tenant`: one that an earlier start let in and this one does not name is let in no more. Only
 * the key's hash is stored.
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
  try {
    await store.commit([create(refs.key(hash), { schema: 1, tenant, createdAtMs: nowMs })]);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}
