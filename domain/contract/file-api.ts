import { z } from 'zod';
import { FileId } from './file.ts';

/** `POST /v1/files`. What is declared here is what may be uploaded, and what a worker will want to find. */
export const CreateFileRequest = z
  .strictObject({
    name: z
      .string()
      .regex(/^[^/\\\p{Cc}]{1,200}$/u, '1 to 200 characters, without slashes and control characters')
      .optional()
      .describe('for people; nothing is looked up by it'),
    contentType: z
      .string()
      .max(127)
      .toLowerCase()
      .regex(
        /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/,
        'a type such as application/pdf, without parameters',
      ),
    sizeBytes: z.int().min(1),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits')
      .describe('of the bytes: a worker that finds others fails the job'),
  })
  .meta({ id: 'CreateFileRequest' });
export type CreateFileRequest = z.infer<typeof CreateFileRequest>;

export const FileResource = z
  .object({
    id: FileId,
    uri: z.string().describe('what stands for it in the input of a job, where the model asks for a file'),
    name: z.string().nullable(),
    contentType: z.string(),
    sizeBytes: z.int(),
    sha256: z.string(),
    uploaded: z.boolean().describe('whether all of its bytes are there'),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().describe('when it is removed; a job that might run after that is refused'),
    upload: z
      .object({
        method: z.literal('PUT'),
        url: z.url(),
        headers: z.record(z.string(), z.string()),
        expiresAt: z.iso.datetime(),
      })
      .nullable()
      .describe(
        'how its bytes are sent, with exactly these headers, once; null where they are there, and for a key that only reads',
      ),
    url: z
      .url()
      .nullable()
      .describe('signed, for its download; expires an hour after this answer; null before its upload'),
  })
  .meta({ id: 'File' });
export type FileResource = z.infer<typeof FileResource>;
