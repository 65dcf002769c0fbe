import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { Model } from '../../domain/contract/model.ts';
import type { ErrorKind } from '../../domain/contract/job.ts';

/** Thrown by a model for a job that must end with this error kind; `message` is what the user is told. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly kind: ErrorKind;
  constructor(kind: ErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The `model.yaml` of a model's own folder. Throws where it is none. */
export const readModel = (folder: string): Model =>
  Model.parse(parse(readFileSync(join(folder, 'model.yaml'), 'utf8')));

/**
 * A check of a job's input against the model's own schema, which also fills in the schema's defaults. Input was checked at
 * submission, but what came out of another job, and what a person sends to the program by hand, was not.
 * @returns a function that throws ModelError `invalid_input`, naming the field
 */
export function inputReader<I>(model: Model): (input: unknown) => I {
  // Files have been put in the place of URIs by now, so formats no longer hold.
  const ajv = new Ajv2020({ useDefaults: true, validateFormats: false, strictTypes: false });
  const fits = ajv.compile(model.input);
  return (input) => {
    if (fits(input)) return input as I;
    const fault = fits.errors?.[0];
    throw new ModelError(
      'invalid_input',
      `input${fault?.instancePath ?? ''} ${fault?.message ?? 'does not fit its schema'}`,
    );
  };
}
