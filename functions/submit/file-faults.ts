import { MAX_FILES } from '../../domain/contract/door.ts';
import { fileIdOf, fileUri, isFileUri } from '../../domain/contract/file.ts';
import type { Model } from '../../domain/contract/model.ts';
import { isUntyped, typeFits } from '../../domain/content-types.ts';
import type { FieldError } from '../../domain/errors.ts';
import { fileFieldsIn, type FileField } from '../../domain/file-fields.ts';
import { refs } from '../../domain/ports.ts';
import { MINUTE } from '../../domain/time.ts';
import type { SubmitDeps } from '../deps.ts';
import { faultOf, type Fault } from './job-faults.ts';
import { isThere, isUploaded } from './stored-file.ts';

/** Between the last moment that a job might still read its files and their end. */
const SLACK_MS = 10 * MINUTE;

type Needs = Pick<SubmitDeps, 'store' | 'blobs' | 'settings'>;

/** What a job makes of its files. */
export interface FileUse {
  readonly tenant: string;
  readonly input: unknown;
  /** When the last of its runs will have ended. */
  readonly untilMs: number;
  /** Where a job is done again, when it ended: a file that was made since, by the same idempotency key, is another one. */
  readonly knownByMs?: number;
}

interface Found {
  readonly sizeBytes: number;
  readonly contentType: string;
  readonly expiresAtMs: number;
  readonly uploaded: boolean;
}

/**
 * What stands against the files of Slipway's own that an input names: each has to be there for this tenant, uploaded, of the type that
 * is asked for, and not to end before the job may have run. Another tenant's is told of as one that is not there.
 */
export async function fileFaults(deps: Needs, model: Model, use: FileUse): Promise<Fault[]> {
  const fields = fileFieldsIn(model.input, use.input).filter(({ value }) => isFileUri(value));
  const ids = [...new Set(fields.flatMap(({ value }) => fileIdOf(value) ?? []))];
  if (ids.length > MAX_FILES) {
    return faultOf('invalid_input', [
      { field: '/input', message: `names ${ids.length} files; at most ${MAX_FILES} are taken` },
    ]);
  }
  const found = new Map(await Promise.all(ids.map(async (id) => [id, await findFile(deps, id, use)] as const)));
  const errors = fields.flatMap((field) => errorsOf(field, found.get(fileIdOf(field.value) ?? ''), use));
  const bytes = [...found.values()].reduce((sum, file) => sum + (file?.sizeBytes ?? 0), 0);
  const { maxJobFileBytes } = deps.settings;
  if (bytes > maxJobFileBytes) {
    errors.push({ field: '/input', message: `names files of ${bytes} bytes; at most ${maxJobFileBytes} are taken` });
  }
  return faultOf('invalid_input', errors);
}

async function findFile(deps: Needs, id: string, { tenant, knownByMs = Infinity }: FileUse): Promise<Found | null> {
  const read = await deps.store.get(refs.file(id));
  // The storage is asked about one's own only: a stranger's takes no longer than one that is not there.
  if (read === null || !isThere(read, tenant) || read.data.createdAtMs > knownByMs) return null;
  return { ...read.data, uploaded: await isUploaded(deps, read.data) };
}

function errorsOf({ pointer, value, wanted }: FileField, file: Found | null | undefined, use: FileUse): FieldError[] {
  const field = `/input${pointer}`;
  const id = fileIdOf(value);
  if (id === null) return [{ field, message: `is no address of a file: one is like ${fileUri('<its id>')}` }];
  const uri = fileUri(id);
  if (file === null || file === undefined) return [{ field, message: `there is no file ${uri}` }];
  const { contentType, expiresAtMs, uploaded } = file;
  const faults = [
    ...(uploaded ? [] : [`${uri} has not been uploaded yet`]),
    ...(isUntyped(contentType) || typeFits(wanted, contentType)
      ? []
      : [`${uri} is ${contentType}, but ${wanted} is wanted`]),
    ...(expiresAtMs >= use.untilMs + SLACK_MS
      ? []
      : [
          `${uri} ends at ${new Date(expiresAtMs).toISOString()}, when this job might not have run yet: upload it anew`,
        ]),
  ];
  return faults.map((message) => ({ field, message }));
}
