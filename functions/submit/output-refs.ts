import { z } from 'zod';
import { JobId, type InputSource, type Job } from '../../domain/contract/job.ts';
import type { FieldError } from '../../domain/errors.ts';
import { parsePointer, pointerTo, valueAt } from '../../domain/json-pointer.ts';
import { fieldErrors } from '../http/parse.ts';

/** A parent's output may have 256 KiB, and each of these is put into one document. */
const MAX_SOURCES = 20;

const OutputRef = z.strictObject({
  $output: z.strictObject({
    job: JobId,
    path: z.string().refine((path) => parsePointer(path) !== null, 'a JSON pointer: "" or "/..."'),
  }),
});

/** Where an input refers to other jobs' outputs. */
export interface OutputRefs {
  readonly sources: readonly InputSource[];
  /** Every place of one, those with a fault included: nothing else can be said about the values there. */
  readonly pointers: readonly string[];
  /** A `$output` that is not of its form, by its place; more of them than there may be. */
  readonly errors: readonly FieldError[];
}

/** Every `{"$output": {"job": ID, "path": POINTER}}` in an input; no further than one more than there may be. */
export function outputRefsIn(input: unknown): OutputRefs {
  const sources: InputSource[] = [];
  const pointers: string[] = [];
  const errors: FieldError[] = [];
  const visit = (value: unknown, pointer: string): void => {
    if (typeof value !== 'object' || value === null || pointers.length > MAX_SOURCES) return;
    if (!Object.hasOwn(value, '$output')) {
      for (const [step, item] of Object.entries(value)) visit(item, pointerTo(pointer, step));
      return;
    }
    pointers.push(pointer);
    const read = OutputRef.safeParse(value);
    if (read.success) sources.push({ pointer, ...read.data.$output });
    else errors.push(...faultsAt(pointer, read.error));
  };
  visit(input, '');
  const extra = pointers[MAX_SOURCES];
  if (extra !== undefined) {
    errors.push({ field: `/input${extra}`, message: `an input may refer to outputs in ${MAX_SOURCES} places at most` });
  }
  return { sources, pointers, errors };
}

const faultsAt = (pointer: string, error: z.ZodError): FieldError[] =>
  fieldErrors(error).map(({ field, message }) => ({ field: `/input${pointer}${field}`, message }));

/** The same of an input that has been read before. */
export const refsTo = (sources: readonly InputSource[]): OutputRefs => ({
  sources,
  pointers: sources.map(({ pointer }) => pointer),
  errors: [],
});

/** Those of a job's sources whose values have not been put into its input yet. */
export function unfilled({ input, inputFrom }: Pick<Job, 'input' | 'inputFrom'>): InputSource[] {
  return inputFrom.filter(({ pointer, job, path }) => {
    const read = OutputRef.safeParse(valueAt(input, pointer));
    return read.success && read.data.$output.job === job && read.data.$output.path === path;
  });
}
