import type { z } from 'zod';
import { RequestError, type FieldError, type ProblemCode } from '../../domain/errors.ts';
import { pointerTo } from '../../domain/json-pointer.ts';
import { notJson } from './strict-json.ts';

const MAX_ERRORS = 50;

/** Every fault of a zod error, with the pointer of its field; an unknown key is named at its own place. */
export function fieldErrors(error: z.ZodError): FieldError[] {
  return error.issues
    .flatMap((issue): FieldError[] => {
      const field = issue.path.reduce<string>((pointer, step) => pointerTo(pointer, String(step)), '');
      if (issue.code !== 'unrecognized_keys') return [{ field, message: wordsOf(issue) }];
      return issue.keys.map((key) => ({ field: pointerTo(field, key), message: 'is not a field of this request' }));
    })
    .slice(0, MAX_ERRORS);
}

/** zod's words for a wrong type name its own types. */
function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type') return issue.message;
  if (issue.message.endsWith('received undefined')) return 'is required';
  return `must be ${issue.expected === 'record' ? 'an object' : `of type ${issue.expected}`}`;
}

/** JSON that a part of our own sends; none at all is null. @throws RequestError invalid_json */
export function parseJson(body: Uint8Array | undefined): unknown {
  if (body === undefined || body.length === 0) return null;
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as unknown;
  } catch (error) {
    throw new RequestError('invalid_json', `The body cannot be read: ${notJson(error)}.`);
  }
}

/** The value as its schema has it. @throws RequestError `code`, with one entry for each field at fault */
export function parseAs<T extends z.ZodType>(schema: T, value: unknown, code: ProblemCode): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new RequestError(code, summary(fieldErrors(result.error)), fieldErrors(result.error));
}

/** The same for a query string, whose fields are named and not pointed at. */
export function parseQuery<T extends z.ZodType>(schema: T, query: URLSearchParams): z.output<T> {
  const twice = [...query.keys()].find((name) => query.getAll(name).length > 1);
  if (twice !== undefined) throw parameterError(twice, 'is given twice');
  const result = schema.safeParse(Object.fromEntries(query));
  if (result.success) return result.data;
  const errors = fieldErrors(result.error).map(({ field, message }) => ({ field: field.slice(1), message }));
  throw new RequestError('invalid_request', summary(errors), errors);
}

/** A header or query parameter at fault. */
export function parameterError(name: string, message: string): RequestError {
  return new RequestError('invalid_request', `${name} ${message}.`, [{ field: name, message }]);
}

/** One sentence over several faults. */
export function summary(errors: readonly FieldError[]): string {
  const [first] = errors;
  if (first === undefined) return 'The request does not fit.';
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return `${first.field === '' ? 'The body' : first.field}: ${first.message}${more}.`;
}
