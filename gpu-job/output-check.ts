import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Model } from '../domain/contract/model.ts';

/** A result becomes part of a document of the store, which takes 20 levels in all; those above the output are ours. */
const MAX_LEVELS = 12;
const MAX_VALUES = 50_000;

/**
 * Makes the check of a model's outputs, which says what is wrong with one, or null. Formats and file contents are annotations
 * here; shapes, types and bounds are checked.
 * @throws Error where the schema is no schema
 */
export function outputCheck({ output: schema, limits }: Model): (output: unknown) => string | null {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  const validate = ajv.compile(schema);
  return (output) => {
    // First of all: what comes after recurses, and a deep enough output would end the worker.
    const extent = extentFault(output);
    if (extent !== null) return extent;
    const bytes = Buffer.byteLength(JSON.stringify(output) ?? '');
    if (bytes > limits.maxOutputBytes)
      return `The output has ${bytes} bytes; the model's bound is ${limits.maxOutputBytes}.`;
    if (validate(output)) return null;
    return `The output does not fit the model's schema: ${ajv.errorsText(validate.errors, { dataVar: 'output' })}.`;
  };
}

function extentFault(output: unknown): string | null {
  const open: { readonly value: unknown; readonly level: number }[] = [{ value: output, level: 1 }];
  let values = 1;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, level } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (level > MAX_LEVELS) return `The output is nested deeper than ${MAX_LEVELS} levels.`;
    const children: unknown[] = Array.isArray(value) ? value : Object.values(value);
    values += children.length;
    if (values > MAX_VALUES) return `The output has more than ${MAX_VALUES} values; large results belong in artifacts.`;
    for (const child of children) open.push({ value: child, level: level + 1 });
  }
  return null;
}
