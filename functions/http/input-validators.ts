import { Ajv2020, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Model } from '../../domain/contract/model.ts';

/**
 * What compiles input schemas. Own properties only: `constructor` is nobody's field by birth.
 * @param code how the build has it write the code out, which a bundle then has in the place of this file
 */
export function inputCompiler(code: Options['code'] = {}): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, ownProperties: true, strictTypes: false, logger: false, code });
  // A CommonJS package: its default export is the function, which its types do not say to an ES module.
  (addFormats as unknown as (to: Ajv2020) => void)(ajv);
  return ajv;
}

const compiled = new WeakMap<Model, ValidateFunction>();

/** The check of a model's input. */
export function validatorOf(model: Model): ValidateFunction {
  const known = compiled.get(model);
  if (known !== undefined) return known;
  // One compiler a model, since two models may give the same $id.
  const validate = inputCompiler().compile(model.input);
  compiled.set(model, validate);
  return validate;
}
