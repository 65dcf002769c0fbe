import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Model } from '../domain/contract/model.ts';

/** What a document of the store takes, which has 20 levels in all; those above the output are ours. */
const MAX_LEVELS = 12;
const MAX_VALUES = 50_000;
/** Of an output that is kept as an artifact: what memory takes while it is looked at. */
const MAX_LARGE_VALUES = 5_000_000;

/** `large`: to be kept as an artifact, since it is more than a job can hold. */
export type Verdict =
  { readonly kind: 'fault'; readonly fault: string } | { readonly kind: 'inline' } | { readonly kind: 'large' };

/**
 * Makes the judge of a model's outputs. Formats and file contents are annotations here; shapes, types and bounds are checked.
 * @throws Error where the schema is no schema
 */
export function outputJudge({ output: schema, limits }: Model): (output: unknown) => Verdict {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  const validate = ajv.compile(schema);
  return (output) => {
    const faulty = (fault: string): Verdict => ({ kind: 'fault', fault });
    // First of all: what comes after recurses, and a deep enough output would end the worker.
    const extent = extentOf(output);
    if (typeof extent === 'string') return faulty(extent);
    const bytes = Buffer.byteLength(JSON.stringify(output) ?? '');
    const isLarge = bytes > limits.maxOutputBytes || extent > MAX_VALUES;
    if (isLarge && bytes > limits.maxArtifactBytes) {
      return faulty(`The output has ${bytes} bytes; the model's bound is ${limits.maxArtifactBytes}.`);
    }
    if (validate(output)) return { kind: isLarge ? 'large' : 'inline' };
    return faulty(
      `The output does not fit the model's schema: ${ajv.errorsText(validate.errors, { dataVar: 'output' })}.`,
    );
  };
}

/** How many values it has, or what is wrong with that. */
function extentOf(output: unknown): number | string {
  const open: { readonly value: unknown; readonly level: number }[] = [{ value: output, level: 1 }];
  let values = 1;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, level } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (level > MAX_LEVELS) return `The output is nested deeper than ${MAX_LEVELS} levels.`;
    const children: unknown[] = Array.isArray(value) ? value : Object.values(value);
    values += children.length;
    if (values > MAX_LARGE_VALUES) return `The output has more than ${MAX_LARGE_VALUES} values.`;
    for (const child of children) {
      if (typeof child === 'object' && child !== null) open.push({ value: child, level: level + 1 });
    }
  }
  return values;
}
