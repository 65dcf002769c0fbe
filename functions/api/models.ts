import type { CatalogueEntry } from '../../domain/contract/model.ts';
import type { ModelResource } from '../../domain/contract/http.ts';
import { RequestError } from '../../domain/errors.ts';
import type { Deps } from '../deps.ts';
import type { Answer } from '../http/answer.ts';
import { unknownModel } from '../submit/job-faults.ts';
import type { Call } from './route.ts';
import { timesOfModel } from './times.ts';

type Needs = Pick<Deps, 'catalogue' | 'settings'>;

function toResource(deps: Needs, { model, missing }: CatalogueEntry): ModelResource {
  return {
    name: model.name,
    title: model.title,
    description: model.description,
    pool: model.pool,
    available: missing.length === 0,
    missing: [...missing],
    input: model.input,
    output: model.output,
    times: timesOfModel(deps, model),
  };
}

/** `GET /v1/models`: by name. */
export async function listModels(deps: Needs): Promise<Answer> {
  const entries = [...deps.catalogue.models.values()].sort((a, b) => (a.model.name < b.model.name ? -1 : 1));
  return { status: 200, body: { items: entries.map((entry) => toResource(deps, entry)) } };
}

/** `GET /v1/models/{name}`. @throws RequestError not_found */
export async function getModel(deps: Needs, call: Call): Promise<Answer> {
  const name = call.params['name'] ?? '';
  const entry = deps.catalogue.models.get(name);
  if (entry === undefined) throw new RequestError('not_found', unknownModel(deps.catalogue, name));
  return { status: 200, body: toResource(deps, entry) };
}
