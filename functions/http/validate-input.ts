import type { ErrorObject } from 'ajv';
import type { Model } from '../../domain/contract/model.ts';
import type { FieldError } from '../../domain/errors.ts';
import { pointerTo } from '../../domain/json-pointer.ts';
import { validatorOf } from './input-validators.ts';

/** More than a reader takes in; the rest shows once these are mended. */
const MAX_ERRORS = 50;

/** Keywords that look at the shape of a value and not at what lies in it, so that a value still to come excuses none of them. */
const SHAPE_KEYWORDS: ReadonlySet<string> = new Set([
  'type',
  'required',
  'dependentRequired',
  'additionalProperties',
  'propertyNames',
  'minProperties',
  'maxProperties',
  'minItems',
  'maxItems',
]);

/** Keywords that try other schemas on a value and report what those say too. */
const CHOICE_KEYWORDS: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'not', 'if', 'contains']);

/**
 * What is wrong with an input by its model's JSON Schema, each violation with its place as a pointer below `/input`.
 * @param skipPointers places in the input whose values are still to come: nothing is said about them, nor about what can
 *   only be judged with them. Once they are known, validate again without.
 */
export function validateInput(model: Model, input: unknown, skipPointers: readonly string[]): FieldError[] {
  const validate = validatorOf(model);
  if (validate(input)) return [];
  const errors = validate.errors ?? [];
  const isExcused = ({ instancePath, keyword }: ErrorObject): boolean =>
    skipPointers.some(
      (skip) => isAtOrBelow(instancePath, skip) || (!SHAPE_KEYWORDS.has(keyword) && isAtOrBelow(skip, instancePath)),
    );
  // What a choice's branches say is moot with the choice; where a branch is a $ref, only the place tells that it is one's.
  const open = errors.filter((error) => CHOICE_KEYWORDS.has(error.keyword) && isExcused(error));
  const counts = (error: ErrorObject): boolean =>
    !isExcused(error) && !open.some(({ instancePath }) => isAtOrBelow(error.instancePath, instancePath));
  return errors.filter(counts).slice(0, MAX_ERRORS).map(fieldError);
}

const isAtOrBelow = (pointer: string, root: string): boolean => pointer === root || pointer.startsWith(`${root}/`);

function fieldError({ instancePath, keyword, params, message = 'is not valid' }: ErrorObject): FieldError {
  const base = `/input${instancePath}`;
  const named = params as Readonly<Record<string, unknown>>;
  switch (keyword) {
    case 'required':
      return { field: pointerTo(base, String(named['missingProperty'])), message: 'is required' };
    case 'additionalProperties':
      return { field: pointerTo(base, String(named['additionalProperty'])), message: 'is not a field of this model' };
    case 'enum':
      return { field: base, message: `must be one of ${JSON.stringify(named['allowedValues'])}` };
    case 'const':
      return { field: base, message: `must be ${JSON.stringify(named['allowedValue'])}` };
    default:
      return { field: base, message };
  }
}
