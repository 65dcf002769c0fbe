import { isConflict } from '../../domain/errors.ts';
import { refs, remove } from '../../domain/ports.ts';
import type { SettleDeps } from '../deps.ts';

/**
 * Removes a file whose time is over: its blob first, so that whoever is cut off in between still finds the document. No job is
 * looked at: one that might run after a file's end was refused, and that end never comes later or, but by its tenant's own wish,
 * sooner. Safe to run twice at once.
 */
export async function removeFile({ store, blobs }: Pick<SettleDeps, 'store' | 'blobs'>, id: string): Promise<void> {
  const read = await store.get(refs.file(id));
  if (read === null || read.data.expiresAtMs > read.readAtMs) return;
  await blobs.remove(read.data.path);
  try {
    await store.commit([remove(refs.file(id), read)]);
  } catch (error) {
    // Somebody else has removed it, and a new one of the same idempotency key may be there.
    if (!isConflict(error)) throw error;
  }
}
