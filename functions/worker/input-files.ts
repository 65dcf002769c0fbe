import { MAX_FILES, type ClaimedFile } from '../../domain/contract/door.ts';
import { fileIdOf } from '../../domain/contract/file.ts';
import type { Job } from '../../domain/contract/job.ts';
import { fileFieldsIn } from '../../domain/file-fields.ts';
import { refs } from '../../domain/ports.ts';
import type { DoorDeps } from '../deps.ts';

/**
 * Where a worker finds the files that a job's input names. A file that is not there (any more), or is another tenant's, is left out,
 * and the worker says so: a value that came out of another job's output was not looked at when the job was submitted.
 */
export async function inputFilesOf(
  { store, blobs, catalogue, settings }: DoorDeps,
  { model, tenant, input }: Job,
): Promise<ClaimedFile[]> {
  const fields = fileFieldsIn(catalogue.models.get(model)?.model.input, input);
  const uris = [...new Set(fields.flatMap(({ value }) => (fileIdOf(value) === null ? [] : value)))].slice(0, MAX_FILES);
  const files = await Promise.all(
    uris.map(async (uri): Promise<ClaimedFile[]> => {
      const file = (await store.get(refs.file(fileIdOf(uri) ?? '')))?.data;
      if (file === undefined || file.tenant !== tenant || file.removed === true) return [];
      const url = await blobs.signDownload(file.path, { expiresInMs: settings.downloadUrlMs });
      return [{ uri, url, sha256: file.sha256, sizeBytes: file.sizeBytes, contentType: file.contentType }];
    }),
  );
  return files.flat();
}
