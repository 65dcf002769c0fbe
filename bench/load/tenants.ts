import { createClient } from '../../client/index.ts';
import type { Target } from './here.ts';

const AT_ONCE = 16;

export interface LoadTenant {
  readonly id: string;
  readonly key: string;
}

/** Makes so many tenants, each with a key that ends by itself. Those of an earlier run are taken again, with a new key. */
export async function makeTenants(
  { url, key }: Pick<Target, 'url' | 'key'>,
  count: number,
  endsInSeconds: number,
): Promise<readonly LoadTenant[]> {
  const client = createClient({ url, key });
  const made: LoadTenant[] = [];
  const ids = Array.from({ length: count }, (_, n) => `load-${n}`).values();
  const maker = async (): Promise<void> => {
    for (const id of ids) {
      await client.putTenant(id, { title: 'Load test' });
      for (const old of await client.listKeys(id)) if (old.name === 'load') await client.deleteKey(id, old.id);
      const { key: own } = await client.createKey(id, { name: 'load', scopes: ['submit', 'read'], endsInSeconds });
      made.push({ id, key: own });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, maker));
  return made.sort((a, b) => (a.id < b.id ? -1 : 1));
}
