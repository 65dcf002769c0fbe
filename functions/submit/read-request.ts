import { CreateJobRequest } from '../../domain/contract/http.ts';
import { RequestError } from '../../domain/errors.ts';
import type { SubmitDeps } from '../deps.ts';
import { fieldErrors, summary } from '../http/parse.ts';
import { inputFaults, MAX_ERRORS, modelFor } from './job-faults.ts';
import { outputRefsIn } from './output-refs.ts';

/**
 * The body of a request for a job. Where it does not fit the interface, its model and input are looked at all the same, as far as
 * it has them: what can be told without the store is told at once.
 * @throws RequestError invalid_input, naming every field at fault
 */
export function readJobRequest(deps: Pick<SubmitDeps, 'catalogue' | 'settings'>, body: unknown): CreateJobRequest {
  const read = CreateJobRequest.safeParse(body);
  if (read.success) return read.data;
  const asked = CreateJobRequest.pick({ model: true, input: true }).strip().safeParse(body);
  const { model, faults } = asked.success ? modelFor(deps, asked.data.model) : { model: null, faults: [] };
  const more =
    model === null || !asked.success ? [] : inputFaults(deps, model, asked.data, outputRefsIn(asked.data.input));
  const errors = [...fieldErrors(read.error), ...[...faults, ...more].flatMap((fault) => fault.errors)];
  throw new RequestError('invalid_input', summary(errors), errors.slice(0, MAX_ERRORS));
}
