import { z } from 'zod';

export const FileId = z.string().regex(/^[a-z0-9]{26}$/, 'a file id: 26 lower-case letters and digits');

/**
 * The document `files/{id}`: bytes that a tenant has declared, and may have uploaded to `path`; whether it has is the blob store's to
 * say. What of it a job goes by never changes, `expiresAtMs` included, unless its tenant deletes it: then `removed` stands until no
 * upload that was signed for it can come any more.
 */
export const StoredFile = z.looseObject({
  schema: z.literal(1),
  id: FileId,
  tenant: z.string(),
  name: z.string().nullable(),
  contentType: z.string(),
  sizeBytes: z.int(),
  sha256: z.string(),
  path: z.string(),
  requestHash: z.string(),
  createdAtMs: z.int(),
  expiresAtMs: z.int(),
  removed: z.literal(true).optional(),
});
export type StoredFile = z.infer<typeof StoredFile>;

/** How an input names a file. */
export const fileUri = (id: string): string => `slipway:files/${id}`;

/** Whether a text is meant to name a file of ours. */
export const isFileUri = (text: string): boolean => /^slipway:/i.test(text);

/** The id in the address of a file; null for what is none. */
export const fileIdOf = (uri: string): string | null => /^slipway:files\/([a-z0-9]{26})$/.exec(uri)?.[1] ?? null;
