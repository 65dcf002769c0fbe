import { CreateFileRequest, type FileResource } from '../../../domain/contract/file-api.ts';
import { FileId, fileUri, type StoredFile } from '../../../domain/contract/file.ts';
import { isConflict, RequestError, UnclearError } from '../../../domain/errors.ts';
import { create, refs, update, type Snapshot } from '../../../domain/ports.ts';
import type { ApiDeps } from '../../deps.ts';
import type { Answer } from '../../http/answer.ts';
import { parseAs } from '../../http/parse.ts';
import { parseStrictJson } from '../../http/strict-json.ts';
import { decideAgain } from '../../steps/again.ts';
import { keyedFileId, requestHashOf } from '../../submit/idempotency.ts';
import { isThere, isUploaded } from '../../submit/stored-file.ts';
import { idempotencyKeyOf } from '../idempotency-key.ts';
import type { Call } from '../route.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

/**
 * `POST /v1/files`: declares a file, and says how its bytes are sent. 201; or 200 with `Idempotent-Replayed: true` where this
 * tenant has sent the same body with the same key before.
 * @throws RequestError invalid_input, idempotency_key_reused
 */
export async function createFile(deps: ApiDeps, call: Call): Promise<Answer> {
  const body = parseStrictJson(call.body);
  const asked = parseAs(CreateFileRequest, body, 'invalid_input');
  checkSize(deps, asked);
  const key = idempotencyKeyOf(call.headers);
  const id = key === null ? deps.random.id() : await keyedFileId(deps.secrets, call.tenant, key);
  const nowMs = deps.clock.nowMs();
  const file: StoredFile = {
    schema: 1,
    id,
    tenant: call.tenant,
    name: asked.name ?? null,
    contentType: asked.contentType,
    sizeBytes: asked.sizeBytes,
    sha256: asked.sha256,
    // Of its own: what is left of an upload to a file of the same key that ended long ago is not taken for this one's.
    path: `files/${key === null ? id : deps.random.id()}`,
    requestHash: requestHashOf(body),
    createdAtMs: nowMs,
    expiresAtMs: nowMs + deps.settings.fileRetentionMs,
  };
  const stored = await storeOnce(deps, file);
  const isNew = stored.path === file.path;
  return {
    status: isNew ? 201 : 200,
    headers: { location: `/v1/files/${id}`, ...(isNew ? {} : { 'idempotent-replayed': 'true' }) },
    body: await fileResource(deps, call, stored, isNew ? false : await isUploaded(deps, stored)),
  };
}

function checkSize({ settings }: ApiDeps, { sizeBytes }: CreateFileRequest): void {
  if (sizeBytes <= settings.maxFileBytes) return;
  const message = `must be at most ${settings.maxFileBytes}`;
  throw new RequestError('invalid_input', `/sizeBytes: ${message}.`, [{ field: '/sizeBytes', message }]);
}

/** The file as it is stored: this one, or the one that the same request made before. @throws RequestError idempotency_key_reused */
async function storeOnce({ store }: ApiDeps, file: StoredFile): Promise<StoredFile> {
  try {
    await store.commit([create(refs.file(file.id), file)]);
    return file;
  } catch (error) {
    if (!isConflict(error) && !(error instanceof UnclearError)) throw error;
    const read = await store.get(refs.file(file.id));
    if (read === null) throw error;
    const { tenant, requestHash, removed } = read.data;
    if (tenant === file.tenant && requestHash === file.requestHash && removed !== true) return read.data;
    const stands = removed === true ? 'for a file that was deleted' : 'for another body';
    throw new RequestError('idempotency_key_reused', `This Idempotency-Key stands ${stands}. Use a new key.`, [
      { field: 'Idempotency-Key', message: `stands ${stands}` },
    ]);
  }
}

/** `GET /v1/files/{id}`. @throws RequestError not_found */
export async function getFile(deps: ApiDeps, call: Call): Promise<Answer> {
  const { data } = await ownFile(deps, call);
  return { status: 200, body: await fileResource(deps, call, data, await isUploaded(deps, data)) };
}

/**
 * `DELETE /v1/files/{id}`: nobody sees it from here on, and a job that has not begun yet will not find it. The document stays for
 * as long as an upload that was signed before may still come; sweep then has both removed.
 * @throws RequestError not_found
 */
export async function deleteFile(deps: ApiDeps, call: Call): Promise<Answer> {
  await decideAgain(async () => {
    const read = await ownFile(deps, call);
    const expiresAtMs = Math.min(read.data.expiresAtMs, deps.clock.nowMs() + deps.settings.uploadUrlMs);
    await deps.store.commit([update(refs.file(read.data.id), read, { removed: true, expiresAtMs })]);
    await deps.blobs.remove(read.data.path);
  });
  return { status: 204 };
}

/** The caller's own file. @throws RequestError not_found, also for another tenant's: nobody learns that it exists */
async function ownFile(
  deps: Pick<ApiDeps, 'store'>,
  call: Pick<Call, 'params' | 'tenant'>,
): Promise<Snapshot<StoredFile>> {
  const id = call.params['id'] ?? '';
  const read = FileId.safeParse(id).success ? await deps.store.get(refs.file(id)) : null;
  if (read === null || !isThere(read, call.tenant)) {
    throw new RequestError('not_found', `There is no file ${JSON.stringify(id.slice(0, 64))}.`);
  }
  return read;
}

async function fileResource(
  deps: ApiDeps,
  { scopes }: Pick<Call, 'scopes'>,
  file: StoredFile,
  uploaded: boolean,
): Promise<FileResource> {
  const { id, name, contentType, sizeBytes, sha256, path, createdAtMs, expiresAtMs } = file;
  const { blobs, clock, settings } = deps;
  const nowMs = clock.nowMs();
  // Nothing may be sent to a file that is gone.
  const expiresInMs = Math.max(1, Math.min(settings.uploadUrlMs, expiresAtMs - nowMs));
  const mayUpload = !uploaded && scopes.includes('submit');
  const upload = mayUpload ? await blobs.signUpload(path, { contentType, sizeBytes, expiresInMs }) : null;
  return {
    id,
    uri: fileUri(id),
    name,
    contentType,
    sizeBytes,
    sha256,
    uploaded,
    createdAt: iso(createdAtMs),
    expiresAt: iso(expiresAtMs),
    upload: upload === null ? null : { method: 'PUT', ...upload, expiresAt: iso(nowMs + expiresInMs) },
    url: uploaded ? await blobs.signDownload(path, { expiresInMs: settings.downloadUrlMs }) : null,
  };
}
