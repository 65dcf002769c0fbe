import type { SlipwayClient } from '../../client/index.ts';
import type { ModelResource } from '../../domain/contract/http.ts';
import { good, type Good } from './checks.ts';
import { NotYet, SmokeFailure } from './failure.ts';
import { SAMPLES, type Sample } from './samples.ts';

const NEW_RIGHTS = 'After a first apply its rights may take seven minutes, or longer.';

/** Whether it is well: its first sweep comes with the next minute, and is whole once rights are known everywhere. @throws NotYet */
export async function healthy(client: SlipwayClient, signal: AbortSignal): Promise<Good<true>> {
  const { status, version, commit, checks = [], sweep } = await client.getHealth({ signal });
  const build = `version ${version}${typeof commit === 'string' ? `, commit ${commit.slice(0, 12)}` : ''}`;
  if (status === 'ok') return good(build, true);
  const down = checks.filter((check) => check.status === 'down').map(({ name, detail = '' }) => `${name}: ${detail}`);
  const late = sweep === undefined || sweep.status === 'ok' ? [] : [`sweep: ${sweep.status}.`];
  throw new NotYet([`it is ${status}, ${build}.`, ...down, ...late, NEW_RIGHTS].join(' '));
}

/** The model that is tried. */
export interface Found {
  readonly model: ModelResource;
  readonly sample: Sample;
}

/** A model that there is, for which there is a sample; the one that was asked for. @throws SmokeFailure */
export async function modelOf(client: SlipwayClient, signal: AbortSignal, asked?: Sample): Promise<Good<Found>> {
  const models = await client.listModels({ signal });
  const wanted = asked === undefined ? SAMPLES : [asked];
  const sample = wanted.find(({ model }) => models.some(({ name }) => name === model));
  const model = models.find(({ name }) => name === sample?.model);
  if (sample === undefined || model === undefined) {
    const names = models.map(({ name }) => name).join(', ') || 'none';
    throw new SmokeFailure(`there is no ${wanted.map((each) => each.model).join(' or ')}. It has: ${names}.`);
  }
  if (!model.available) {
    throw new SmokeFailure(`${model.name} lacks ${model.missing.map(({ program }) => program).join(', ')}.`);
  }
  return good(`${models.length}; this tries ${model.name}, of pool ${model.pool}`, { model, sample });
}
