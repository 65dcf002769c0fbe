import { z } from 'zod';
import { JobId } from '../../domain/contract/job.ts';
import type { InputSource } from '../../domain/contract/job.ts';
import { RequestError } from '../../domain/errors.ts';
import { parsePointer, pointerTo } from '../../domain/json-pointer.ts';
import { fieldErrors, summary } from '../http/parse.ts';

/** A parent's output may have 256 KiB, and each of these is put into one document. */
export const MAX_SOURCES = 20;

const OutputRef = z.strictObject({
  $output: z.strictObject({
    job: JobId,
    path: z.string().refine((path) => parsePointer(path) !== null, 'a JSON pointer: "" or "/..."'),
  }),
});

/**
 * Where an input refers to other jobs' outputs: every `{"$output": {"job": ID, "path": POINTER}}` in it.
 * @throws RequestError invalid_input for a `$output` that is not of that form, naming its place
 */
export function outputRefsIn(input: unknown): InputSource[] {
  const found: InputSource[] = [];
  const visit = (value: unknown, pointer: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Object.hasOwn(value, '$output')) {
      found.push(readRef(value, pointer));
      return;
    }
    for (const [step, item] of Object.entries(value)) visit(item, pointerTo(pointer, step));
  };
  visit(input, '');
  const extra = found[MAX_SOURCES];
  if (extra !== undefined) {
    const message = `an input may refer to outputs in ${MAX_SOURCES} places at most`;
    throw new RequestError('invalid_input', `${message}.`, [{ field: `/input${extra.pointer}`, message }]);
  }
  return found;
}

function readRef(value: object, pointer: string): InputSource {
  const result = OutputRef.safeParse(value);
  if (result.success) return { pointer, ...result.data.$output };
  const errors = fieldErrors(result.error).map(({ field, message }) => ({
    field: `/input${pointer}${field}`,
    message,
  }));
  throw new RequestError('invalid_input', summary(errors), errors);
}
