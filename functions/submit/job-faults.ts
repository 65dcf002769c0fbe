import type { CreateJobRequest } from '../../domain/contract/http.ts';
import type { InputSource } from '../../domain/contract/job.ts';
import type { Model } from '../../domain/contract/model.ts';
import { AddressRefusedError, RequestError, type FieldError, type ProblemCode } from '../../domain/errors.ts';
import { nearNames } from '../../domain/near-names.ts';
import { refs } from '../../domain/ports.ts';
import { secretPlaces } from '../../domain/secret-inputs.ts';
import { DAY } from '../../domain/time.ts';
import type { Deps, SubmitDeps } from '../deps.ts';
import { summary } from '../http/parse.ts';
import { validateInput } from '../http/validate-input.ts';
import { goneSince, ownerOf } from './gone.ts';
import type { OutputRefs } from './output-refs.ts';

/** Jobs that one job may wait for, named or implied. */
const MAX_PARENTS = 20;
const MAX_DAYS_AHEAD = 30;

/** One thing that stands against a request; each check gives all it finds, so that a caller mends everything at once. */
export interface Fault {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors: readonly FieldError[];
}

export const faultOf = (code: ProblemCode, errors: readonly FieldError[], detail = summary(errors)): Fault[] =>
  errors.length === 0 ? [] : [{ code, detail, errors }];

/** More than a reader takes in; the rest shows once these are mended. */
export const MAX_ERRORS = 100;

/** One problem of several faults: the code of the first, the fields of all. */
export function refusal(faults: readonly Fault[]): RequestError {
  const [first] = faults;
  const errors = faults.flatMap((fault) => fault.errors);
  const detail = first !== undefined && faults.length === 1 ? first.detail : summary(errors);
  return new RequestError(first?.code ?? 'invalid_input', detail, errors.slice(0, MAX_ERRORS));
}

/** A model by its name; null with what stands against it, where there is none or it lacks a program here. */
export function modelFor(
  { catalogue }: Pick<SubmitDeps, 'catalogue'>,
  name: string,
): { readonly model: Model | null; readonly faults: readonly Fault[] } {
  const entry = catalogue.models.get(name);
  if (entry === undefined) {
    const errors = [{ field: '/model', message: 'is not a model of this deployment' }];
    return { model: null, faults: faultOf('unknown_model', errors, unknownModel(catalogue, name)) };
  }
  if (entry.missing.length === 0) return { model: entry.model, faults: [] };
  const needs = entry.missing.map(({ program, install }) => `${program} (${install})`).join(' and ');
  const errors = [{ field: '/model', message: `needs ${needs}` }];
  const detail = `${name} cannot run here before there is ${needs}.`;
  return { model: null, faults: faultOf('model_unavailable', errors, detail) };
}

/** What to tell whoever named a model that is not here. */
export function unknownModel(catalogue: Deps['catalogue'], name: string): string {
  const near = nearNames(name, [...catalogue.models.keys()]);
  const hint = near.length === 0 ? '' : ` Did you mean ${near.map((one) => `"${one}"`).join(' or ')}?`;
  return `There is no model "${name}".${hint} GET /v1/models lists all.`;
}

/** What of the request does not fit the model or the bounds of this deployment. */
export function inputFaults(
  { settings }: Pick<SubmitDeps, 'settings'>,
  model: Model,
  request: Pick<CreateJobRequest, 'input' | 'runTimeoutSeconds'>,
  refs: Pick<OutputRefs, 'pointers' | 'errors'>,
): Fault[] {
  const errors = [
    ...refs.errors,
    ...shownSecrets(model, refs.pointers),
    ...validateInput(model, request.input, refs.pointers),
  ];
  const longest = model.limits.runTimeoutSeconds;
  if (request.runTimeoutSeconds !== undefined && request.runTimeoutSeconds > longest) {
    errors.push({ field: '/runTimeoutSeconds', message: `must be at most ${longest} for ${model.name}` });
  }
  const bytes = Buffer.byteLength(JSON.stringify(request.input));
  if (bytes > settings.maxInputBytes) {
    errors.push({ field: '/input', message: `has ${bytes} bytes; at most ${settings.maxInputBytes} are taken` });
  }
  return faultOf('invalid_input', errors);
}

/** An output is there for every reader to see, and so would the secret be that came of it. */
function shownSecrets(model: Model, pointers: readonly string[]): FieldError[] {
  const places = secretPlaces(model.input);
  const holds = (pointer: string): boolean =>
    places.some((place) => `${place}/`.startsWith(`${pointer}/`) || pointer.startsWith(`${place}/`));
  return pointers.filter(holds).map((pointer) => ({
    field: `/input${pointer}`,
    message: 'is secret or has a secret in it: no output can stand there',
  }));
}

export function timeFaults({ clock }: Pick<SubmitDeps, 'clock'>, { notBefore }: CreateJobRequest): Fault[] {
  if (notBefore === undefined || Date.parse(notBefore) <= clock.nowMs() + MAX_DAYS_AHEAD * DAY) return [];
  return faultOf('invalid_input', [{ field: '/notBefore', message: `is more than ${MAX_DAYS_AHEAD} days ahead` }]);
}

export function webhookFaults({ http }: Pick<SubmitDeps, 'http'>, { webhook }: CreateJobRequest): Fault[] {
  if (webhook === undefined) return [];
  try {
    http.check(webhook.url);
    return [];
  } catch (error) {
    if (!(error instanceof AddressRefusedError)) throw error;
    const detail = `/webhook/url: ${error.message}. Give an address that anyone on the internet can reach.`;
    return faultOf('webhook_refused', [{ field: '/webhook/url', message: error.message }], detail);
  }
}

/**
 * What stands against the jobs to wait for, by the field that names each; another tenant's is none, so that nobody learns that
 * it exists.
 */
export async function parentFaults(
  { store }: Pick<SubmitDeps, 'store'>,
  job: { readonly id: string; readonly tenant: string },
  fields: ReadonlyMap<string, string>,
): Promise<Fault[]> {
  if (fields.size > MAX_PARENTS) {
    const message = `a job may depend on ${MAX_PARENTS} others at most, those of its input included`;
    return faultOf('invalid_input', [{ field: '/dependsOn', message }]);
  }
  const errors = await Promise.all(
    [...fields].map(async ([parent, field]): Promise<FieldError[]> => {
      if (parent === job.id) return [{ field, message: 'is the id of this very job' }];
      const read = await store.get(refs.job(parent));
      const message =
        read === null || ownerOf(read.data) !== job.tenant ? `there is no job ${parent}` : goneSince(read.data);
      return message === null ? [] : [{ field, message }];
    }),
  );
  return faultOf('unknown_dependency', errors.flat());
}

/** The job ids that a request names, each with the field that a fault of it is told by. */
export function parentFields(request: CreateJobRequest, inputFrom: readonly InputSource[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const { job, pointer } of inputFrom) fields.set(job, `/input${pointer}/$output/job`);
  for (const [i, job] of request.dependsOn.entries()) fields.set(job, `/dependsOn/${i}`);
  return fields;
}
