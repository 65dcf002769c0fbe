import { MAX_FILES, type ClaimedFile } from '../../domain/contract/door.ts';
import { fileIdOf, isFileUri } from '../../domain/contract/file.ts';
import type { Job } from '../../domain/contract/job.ts';
import { fileFieldsIn } from '../../domain/file-fields.ts';
import { refs } from '../../domain/ports.ts';
import { isThere } from '../submit/stored-file.ts';
import type { DoorDeps } from '../deps.ts';

/**
 * Where a worker finds the files that a job's input names. A file that is not there (any more), or is another tenant's, is left out,
 * and the worker says so: a value that came out of another job's output was not looked at when the job was submitted. Of more than
 * MAX_FILES none is signed, since the worker takes none of them.
 * @returns null where it names none
 */
export async function inputFilesOf(
  { store, blobs, catalogue, settings }: DoorDeps,
  { model, tenant, input, inputFrom, createdAtMs }: Job,
): Promise<ClaimedFile[] | null> {
  const fields = fileFieldsIn(catalogue.models.get(model)?.model.input, input);
  const named = [...new Set(fields.flatMap(({ value }) => (isFileUri(value) ? [value] : [])))];
  if (named.length === 0) return null;
  const uris = named.filter((uri) => fileIdOf(uri) !== null);
  if (uris.length > MAX_FILES) return [];
  const files = await Promise.all(
    uris.map(async (uri): Promise<ClaimedFile[]> => {
      const read = await store.get(refs.file(fileIdOf(uri) ?? ''));
      if (read === null || !isThere(read, tenant)) return [];
      const file = read.data;
      // Made by the same idempotency key as the one that was meant, after that was deleted.
      if (inputFrom.length === 0 && file.createdAtMs > createdAtMs) return [];
      const url = await blobs.signDownload(file.path, { expiresInMs: settings.downloadUrlMs });
      return [{ uri, url, sha256: file.sha256, sizeBytes: file.sizeBytes, contentType: file.contentType }];
    }),
  );
  return files.flat();
}
