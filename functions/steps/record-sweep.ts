import { create, refs, update, type Swept } from '../../domain/ports.ts';
import type { Deps } from '../deps.ts';
import { decideAgain } from './again.ts';

/** Writes down how a sweep went: of two that end together whichever comes last is as good. */
export async function recordSweep({ store }: Pick<Deps, 'store'>, { startedAtMs, failures }: Swept): Promise<void> {
  const ref = refs.sweep();
  await decideAgain(async () => {
    const read = await store.get(ref);
    const record = { schema: 1 as const, startedAtMs, failures };
    await store.commit([read === null ? create(ref, record) : update(ref, read, record)]);
  });
}
