import type { StoredFile } from '../../domain/contract/file.ts';
import type { Blobs, Snapshot } from '../../domain/ports.ts';

/** Whether a file is there for this tenant: its own, not deleted, and its time not over. */
export const isThere = ({ data, readAtMs }: Snapshot<StoredFile>, tenant: string): boolean =>
  data.tenant === tenant && data.removed !== true && data.expiresAtMs > readAtMs;

/** Whether all of its bytes are there: an upload is of exactly the size that was signed for it. */
export const isUploaded = async (
  { blobs }: { readonly blobs: Pick<Blobs, 'size'> },
  { path, sizeBytes }: StoredFile,
): Promise<boolean> => (await blobs.size(path)) === sizeBytes;
