import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { contentTypeOf } from '../../domain/content-types.ts';
import { UsageError } from './exit.ts';
import { isPlace, putAt, type Json } from './input.ts';
import type { Context } from './spec.ts';

/** A file up to this size goes along in the request: it costs less than to declare it and to send it elsewhere. */
const INLINE_BYTES = 64 * 1024;

/**
 * Puts `name=path` into an input: as a data: URL, or uploaded, where it is large.
 * @param key the submission's own: with the same one the same file stands for it, so that the request is the same too
 * @throws UsageError
 */
export async function putFile(context: Context, input: Json, given: string, key: string): Promise<void> {
  const { io } = context;
  const [, place = '', path = ''] = /^([^=]+)=(.+)$/s.exec(given) ?? [];
  if (path === '' || !isPlace(place))
    throw new UsageError(`--file takes NAME=PATH, or NAME.NAME=PATH; not "${given}".`);
  const file = await io.openFile(path).catch((error: unknown) => {
    throw new UsageError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`);
  });
  if (file.size === 0) throw new UsageError(`${path} is empty.`);
  const contentType = contentTypeOf(path);
  if (file.size <= INLINE_BYTES) {
    const text = Buffer.from(await file.arrayBuffer()).toString('base64');
    return putAt(input, place, `data:${contentType};base64,${text}`, '--file');
  }
  const uri = await context.client().uploadFile(file, {
    contentType,
    name: basename(path),
    sha256: await sha256Of(file),
    idempotencyKey: createHash('sha256').update(`${key}\n${place}`).digest('hex'),
    signal: io.signal,
  });
  putAt(input, place, uri, '--file');
}

/** Without all of it in memory at once. */
async function sha256Of(file: Blob): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of file.stream() as AsyncIterable<Uint8Array>) hash.update(chunk);
  return hash.digest('hex');
}
