import { CreateJobRequest } from '../../domain/contract/http.ts';
import { RequestError } from '../../domain/errors.ts';
import type { SubmitDeps } from '../deps.ts';
import { fieldErrors, summary } from '../http/parse.ts';
import { inputFaults, modelFor } from './job-faults.ts';
import { outputRefsIn } from './output-refs.ts';

/**
 * The body of a request for a job. Where it does not fit the interface, its input is looked at all the same, as far as it has a
 * model and one: a caller shall not mend a body twice.
 * @throws RequestError invalid_input, naming every field at fault
 */
export function readJobRequest(deps: Pick<SubmitDeps, 'catalogue' | 'settings'>, body: unknown): CreateJobRequest {
  const read = CreateJobRequest.safeParse(body);
  if (read.success) return read.data;
  const asked = CreateJobRequest.pick({ model: true, input: true }).strip().safeParse(body);
  const { model } = asked.success ? modelFor(deps, asked.data.model) : { model: null };
  const more =
    model === null || !asked.success ? [] : inputFaults(deps, model, asked.data, outputRefsIn(asked.data.input));
  const errors = [...fieldErrors(read.error), ...more.flatMap((fault) => fault.errors)];
  throw new RequestError('invalid_input', summary(errors), errors);
}
